"""The settings of a node: one typed table, read once, passed in.

`config.toml` in the node's home, overridden by `COMITY_…` environment variables (`COMITY_POLICY__ENGINE=opa`).
Secrets are files in `keys/`, never settings; a password inside a database URL is masked wherever it is shown.
"""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from comity.errors import Malformed, NotFound, Violation

CONFIG = "config.toml"


class PolicySettings(BaseModel):
    """How decisions are made."""

    model_config = ConfigDict(extra="forbid")

    engine: Literal["embedded", "opa"] = Field(default="embedded", description="in process, or an OPA server")
    opa_url: str = Field(default="", description="an OPA server that runs already; empty: the node starts its own")
    opa_users: list[int] = Field(
        default_factory=list, description="user ids that may run that server on this machine, beside root and our own"
    )
    opa_token: str = Field(default="", description="bearer token for that server")


class Settings(BaseSettings):
    """The table; every row has its help beside it."""

    model_config = SettingsConfigDict(env_prefix="COMITY_", env_nested_delimiter="__", extra="forbid")

    country: str = Field(description="ISO 3166-1 alpha-2", pattern=r"^[A-Z]{2}$")
    authority: str = Field("authority", description="who runs the node", pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    trust_domain: str = Field(description="SPIFFE trust domain")
    name: str = Field("node-1", description="name of this node in its trust domain")
    listen: str = Field("127.0.0.1:7443", description="host:port for peers")
    advertise: list[str] = Field(default_factory=list, description="host:port that peers dial; empty: `listen`")
    desk_listen: str = Field("127.0.0.1:7444", description="host:port for the node's own staff")
    database: str = Field("", description="SQLAlchemy URL; empty: SQLite in the home")
    languages: list[str] = Field(default_factory=lambda: ["en"], description="BCP 47, preferred first")
    undertakings: list[str] = Field(
        default_factory=lambda: ["all"], description="duties this country honours; all: every one of the vocabulary"
    )
    clock_skew_seconds: int = Field(120, ge=1, le=600, description="how far a peer's clock may be off")
    deadline_ms: int = Field(5_000, ge=50, le=120_000, description="how long each peer has to answer")
    threads: int = Field(8, ge=2, le=512, description="calls worked on at once")
    max_concurrent: int = Field(256, ge=8, le=65_536, description="calls accepted at once; more are refused")
    streams: int = Field(32, ge=1, le=4_096, description="streams that may stay open at once, for answers to come")
    streams_per_peer: int = Field(8, ge=1, le=4_096, description="how many of them one peer may hold")
    policy: PolicySettings = Field(default_factory=PolicySettings, description="see `policy.*`")

    @field_validator("database")
    @classmethod
    def _check_database(cls, url: str) -> str:
        try:
            driver = make_url(url).get_driver_name() if url else "pysqlite"
        except (ArgumentError, ImportError):
            driver = ""
        if driver not in ("pysqlite", "psycopg"):
            raise ValueError("is not sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME")
        return url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the environment first, then the file that `load_settings` names."""
        return env_settings, init_settings


@dataclass(frozen=True, slots=True)
class Home:
    """A node's folder and what lies where in it."""

    path: Path

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.path / CONFIG

    @property
    def keys(self) -> Path:
        """Private keys and the node's certificates."""
        return self.path / "keys"

    @property
    def staff(self) -> Path:
        """Staff keys and certificates that were made here."""
        return self.path / "staff"

    @property
    def agreements(self) -> Path:
        """Agreement files in force."""
        return self.path / "agreements"

    @property
    def national(self) -> Path:
        """National law: Rego modules, and what was compiled of them; what is in force of them is in the bundle."""
        return self.path / "national"

    @property
    def bundle(self) -> Path:
        """The signed bundle in force, for an OPA server that somebody else operates."""
        return self.path / "policy" / "bundle.tar.gz"

    @property
    def logs(self) -> Path:
        """The bounded logs."""
        return self.path / "log"

    @property
    def security_log(self) -> Path:
        """Events that are no exchange: failed authentication, stale, malformed."""
        return self.logs / "security.log"

    @property
    def policy_log(self) -> Path:
        """Faults of the policy engine."""
        return self.logs / "policy.log"

    @property
    def running(self) -> Path:
        """What a running node writes about itself (process id, ports)."""
        return self.path / "running.json"

    def database_url(self, settings: Settings) -> str:
        """Return the database to use."""
        return settings.database or f"sqlite:///{self.path / 'node.db'}"


def find_home(given: str | None) -> Home:
    """Return the home from `--home`, else `COMITY_HOME`, else the XDG data directory."""
    chosen = given or os.environ.get("COMITY_HOME")
    if chosen:
        return Home(Path(chosen).expanduser().resolve())
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Home(Path(data) / "comity")


def load_settings(home: Home) -> Settings:
    """Read the settings of a home; raises `NotFound` without one and `Malformed` naming every bad row."""
    try:
        rows = tomllib.loads(home.config.read_text())
    except FileNotFoundError:
        raise NotFound(f"no node in {home.path}: `comity init {home.path} --country …` makes one") from None
    except ValueError as cause:  # not TOML, or not UTF-8
        raise Malformed(f"{home.config}: not TOML: {cause}") from None
    return make_settings(rows, str(home.config))


def make_settings(rows: dict[str, Any], source: str) -> Settings:
    """Return the settings of rows, the environment before them; raises `Malformed` naming every bad row."""
    try:
        return Settings(**rows)
    except SettingsError as cause:  # the environment; the text names the setting, never its value
        raise Malformed(f"environment: {cause}: lists are JSON, e.g. COMITY_LANGUAGES='[\"et\"]'") from None
    except ValidationError as cause:
        found = tuple(Violation(".".join(map(str, e["loc"])), e["msg"]) for e in cause.errors(include_input=False))
        named = "; ".join(f"{violation.field}: {violation.problem}" for violation in found)
        raise Malformed(f"{source}: {named}", violations=found) from None


def explain_settings(home: Home, settings: Settings) -> list[dict[str, Any]]:
    """Return every setting with its value (secrets masked) and where it came from."""
    rows = tomllib.loads(home.config.read_text())
    flat: list[dict[str, Any]] = []
    for name, value in _flatten(settings):
        section, _, key = name.rpartition(".")
        written = rows.get(section, {}) if section else rows
        if f"COMITY_{name.replace('.', '__').upper()}" in os.environ:
            origin = "environment"
        else:
            origin = CONFIG if key in written else "default"
        flat.append({"setting": name, "value": _masked(name, value), "origin": origin})
    return flat


def _flatten(model: BaseModel, prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            found += _flatten(value, f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", value))
    return found


def _masked(name: str, value: Any) -> Any:
    if name.endswith("token"):
        return "***" if value else ""
    if name == "database" and value:
        return make_url(value).render_as_string(hide_password=True)
    return value
