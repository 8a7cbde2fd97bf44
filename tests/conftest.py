"""Fixtures that every room's tests share."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from comity.store import Store

REPO = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI") == "true"


def absent(what: str, remedy: str) -> None:
    """Skip on a user's machine, fail in CI: there a missing tool would hide a check."""
    message = f"{what} is not here: {remedy}"
    if IN_CI:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared data and vectors."""
    path = REPO.parent / "shared"
    if not path.is_dir():
        absent("../shared", "these tests read real lists and vectors from it")
    return path


@pytest.fixture(scope="session")
def opa_binary() -> str:
    """The OPA executable."""
    for candidate in (os.environ.get("COMITY_OPA"), str(REPO / ".tools" / "opa"), shutil.which("opa")):
        if candidate and Path(candidate).is_file():
            return candidate
    absent("OPA", "run `make tools`")
    raise AssertionError


def _postgres_bin() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def _as_postgres(command: list[str]) -> None:
    """PostgreSQL refuses to run as root, so root runs it as the `postgres` user."""
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    subprocess.run(command, check=True, capture_output=True, cwd="/tmp")  # noqa: S108


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A private PostgreSQL on a unix socket; yields a SQLAlchemy URL with `{}` for the database name."""
    binaries = _postgres_bin()
    if binaries is None:
        absent("PostgreSQL", "apt-get install postgresql")
        raise AssertionError
    home = Path(tempfile.mkdtemp(prefix="comity-pg-"))
    if os.geteuid() == 0:
        shutil.chown(home, "postgres")
    data = home / "data"
    _as_postgres([str(binaries / "initdb"), "-D", str(data), "-U", "comity", "-A", "trust", "-E", "UTF8", "--no-sync"])
    options = f"-c listen_addresses='' -c unix_socket_directories='{home}'"
    _as_postgres([str(binaries / "pg_ctl"), "-D", str(data), "-o", options, "-w", "-l", str(home / "log"), "start"])
    try:
        yield f"postgresql+psycopg://comity@/{{}}?host={home}"
    finally:
        _as_postgres([str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"])
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def new_database(postgres_server: str) -> Callable[[], str]:
    """Makes an empty PostgreSQL database and returns its URL."""
    return lambda: _new_database(postgres_server)


@pytest.fixture
def fresh_postgres(new_database: Callable[[], str]) -> str:
    """The URL of an empty PostgreSQL database."""
    return new_database()


@pytest.fixture
def another_postgres(new_database: Callable[[], str]) -> str:
    """The URL of a second empty PostgreSQL database."""
    return new_database()


def _new_database(postgres_server: str) -> str:
    name = f"t{secrets.token_hex(8)}"
    engine = create_engine(postgres_server.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return postgres_server.format(name)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A migrated, empty store, once per kind of database."""
    url = f"sqlite:///{tmp_path}/node.db" if request.param == "sqlite" else request.getfixturevalue("fresh_postgres")
    opened = Store.open(url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Two nodes over real mutual TLS; see support/world.py."""
    from support.world import make_world  # the whole application: only the wire's tests need it

    with make_world(tmp_path_factory.mktemp("world")) as made:
        yield made
