"""The OPA engine: a server that runs already, or one that the node starts for itself.

OPA answers an undefined rule with HTTP 200 and no `result`; that, any error and any delay is `Unavailable`.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from ipaddress import ip_address
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from opa_client import OpaClient
from requests.adapters import HTTPAdapter

from comity.errors import Malformed, Unavailable, Violation
from comity.policy.bundle import PolicySet, revision_of
from comity.policy.document import encode
from comity.policy.engine import BaseEngine, fault
from comity.policy.loopback import LoopbackAdapter, trusted_users
from comity.policy.opa_process import Opa, start_opa
from comity.policy.opa_tool import check_version
from comity.policy.signing import BundleSigner

log = logging.getLogger("comity.policy")

_TIMEOUT_SECONDS = 2.0
_CONNECTIONS = 64
_TRUSTED_SECONDS = 5.0
_RESTART_SECONDS = 1.0
_TAKEN_UP_SECONDS = 10.0
_REVISION = "comity/revision"
# A built-in function that fails is an error and not a rule that does not fire: an error decides nothing.
_STRICT = {"strict-builtin-errors": "true"}


class OpaServerEngine(BaseEngine):
    """Evaluates in an OPA server over REST. Never retries: whoever asked may ask again."""

    def __init__(self, url: str, token: str = "", *, revision: str = "", users: Collection[int] = ()) -> None:
        """Connect to `url`; with `revision`, only what that bundle decided is taken for a decision.

        Whoever operates the server may load another bundle at any moment, so each answer says by which it was given.
        `users` are ids of users, beside our own and root, who may listen on a loopback port for us.
        """
        self._revision = revision
        self._url = url
        self._client = _connect(url, token, users)
        self._asked_with = _STRICT | {"provenance": "true"} if revision else _STRICT
        self._version = ""
        self._answered = 0.0
        self._closed = False

    def health(self) -> None:
        """Decide on an empty document, and compare the revision of the bundle where one is expected."""
        super().health()
        if self._revision and self._evaluate(_REVISION, {}) != self._revision:
            raise _other_bundle()

    def holds_its_bundle(self) -> bool:
        """Whether the server has taken up the bundle of the expected revision; waiting for it is no fault."""
        try:
            answer = self._client.query_rule({}, _REVISION)
        except (requests.RequestException, OSError, ValueError):
            return False
        return isinstance(answer, dict) and answer.get("result") == self._revision

    def describe(self) -> str:
        """Return what decides and within which limits."""
        return f"OPA server {self._version or 'not asked yet'} at {self._url}, {_TIMEOUT_SECONDS:.0f} s for a decision"

    def alive(self) -> bool:
        """Whether the server answered within the last seconds."""
        return not self._closed and time.monotonic() - self._answered < _TRUSTED_SECONDS

    def close(self) -> None:
        """Close the connections."""
        self._closed = True
        self._client.close_connection()

    def _evaluate(self, entrypoint: str, document: Mapping[str, Any]) -> Any:
        encode(document)  # refuses what the embedded engine refuses, with the same error
        if self._closed:
            raise Unavailable("the policy engine is closed")
        try:
            answer = self._client.query_rule(dict(document), entrypoint, query_params=self._asked_with)
        except (requests.RequestException, OSError, ValueError) as cause:
            self._answered = 0.0
            raise fault("the OPA server gave no answer: nothing was decided, see `comity doctor`", cause) from cause
        if not isinstance(answer, dict) or "result" not in answer:
            raise fault("the OPA server has no such policy: load the bundle in force, see `comity policy status`")
        if "provenance" in self._asked_with:
            self._check_provenance(answer.get("provenance"))
        self._answered = time.monotonic()
        return answer["result"]

    def _check_provenance(self, said: Any) -> None:
        """Refuse an answer of an older OPA or of another bundle; every answer tells, in the same transaction."""
        said = said if isinstance(said, dict) else {}
        self._version = str(said.get("version", ""))
        check_version(self._version)
        bundles = said.get("bundles")
        named = bundles.values() if isinstance(bundles, dict) else ()
        if not any(isinstance(each, dict) and each.get("revision") == self._revision for each in named):
            raise _other_bundle()


def hand_over(bundle: bytes, file: Path, engine: OpaServerEngine) -> None:
    """Lay a signed bundle where somebody else's OPA server fetches it, and wait until that server decides by it.

    Raises `Unavailable` where it does not take it up within ten seconds: let it poll every second or two.
    """
    file.parent.mkdir(exist_ok=True, mode=0o755)
    fresh = file.with_suffix(".new")
    fresh.write_bytes(bundle)
    fresh.replace(file)  # whole or not at all
    end = time.monotonic() + _TAKEN_UP_SECONDS
    while not engine.holds_its_bundle() and time.monotonic() < end:
        time.sleep(0.1)
    try:
        engine.health()
    except Unavailable:
        engine.close()
        raise


class OpaProcess(OpaServerEngine):
    """Evaluates in a private OPA server that lives and dies with this process, and is started again when it ends."""

    def __init__(self, opa: Opa, revision: str, start_again: Callable[[], Opa]) -> None:
        super().__init__(opa.url, opa.token, revision=revision)
        self._asked_with = _STRICT  # nobody but this process can give it another bundle: `health` has compared once
        self._opa = opa
        self._start_again = start_again
        self._restarting = Lock()
        self._last_start = time.monotonic()

    @classmethod
    def start(cls, policy: PolicySet, sequence: int = 0, signer: BundleSigner | None = None) -> Self:
        """Start OPA with this policy set; raises `Unavailable` with the remedy when it cannot."""
        engine = cls(
            start_opa(policy, sequence, signer),
            revision_of(policy, sequence),
            lambda: start_opa(policy, sequence, signer),
        )
        try:
            engine.health()
        except Unavailable:
            engine.close()
            raise
        engine._opa.forget_files()
        return engine

    @property
    def group(self) -> int:
        """Process group of the server, for whoever watches processes."""
        return self._opa.group

    def describe(self) -> str:
        """Return what decides and within which limits."""
        return f"private OPA {self._opa.version}, loopback, {_TIMEOUT_SECONDS:.0f} s and 2 GiB for a decision"

    def alive(self) -> bool:
        """Whether the server's process lives."""
        return not self._closed and self._opa.running()

    def close(self) -> None:
        """Stop the server; waits for one that is being started."""
        super().close()
        with self._restarting:
            self._opa.stop()

    def _evaluate(self, entrypoint: str, document: Mapping[str, Any]) -> Any:
        opa = self._opa
        if opa.running():  # before: its port may be somebody else's by now
            result = super()._evaluate(entrypoint, document)
            if opa.running():  # and after: the answer was its own
                return result
        self._restart_beside()
        raise fault("the OPA process is gone: nothing was decided, a new one is being started")

    def _restart_beside(self) -> None:
        """Start a new server in a thread of its own, one at a time and not in a hurry; questions meanwhile fail."""
        if self._closed or not self._restarting.acquire(blocking=False):
            return
        Thread(target=self._restart, name="opa-restart", daemon=True).start()

    def _restart(self) -> None:
        try:
            time.sleep(max(0.0, self._last_start + _RESTART_SECONDS - time.monotonic()))
            self._last_start = time.monotonic()
            if self._closed or self._opa.running():
                return
            self._opa.stop()
            started = self._start_again()
            fresh = _connect(started.url, started.token, ())
            self._client.close_connection()
            self._client, self._opa = fresh, started
            started.forget_files()
        except Unavailable as problem:  # the next question tries again
            log.warning("OPA is not started again: %s", problem)
        finally:
            self._restarting.release()


def _connect(url: str, token: str, users: Collection[int]) -> OpaClient:
    host, port, tls = _address(url)
    client = OpaClient(host=host, port=port, ssl=tls, token=token or None, retries=0, timeout=_TIMEOUT_SECONDS)
    session: requests.Session = client._session  # noqa: SLF001  the client offers no setting for these
    session.trust_env = False  # neither a proxy nor a .netrc may come between node and policy
    session.max_redirects = 0
    options: dict[str, Any] = {"pool_maxsize": _CONNECTIONS, "max_retries": 0}
    session.mount("http://", LoopbackAdapter(trusted_users(users), **options))
    session.mount("https://", HTTPAdapter(**options))
    return client


def _other_bundle() -> Unavailable:
    return fault("the OPA server holds another policy bundle: let it load the one in force, see `comity policy status`")


def _address(url: str) -> tuple[str, int, bool]:
    """Return host, port and whether TLS is used; only a loopback address may do without."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme not in ("http", "https") or not parts.hostname or port is None or parts.path not in ("", "/"):
        raise _bad_url("must look like http://127.0.0.1:8181")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise _bad_url("is not on this machine: use https://, decisions must not be forged on the way")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return host, port, parts.scheme == "https"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bad_url(problem: str) -> Malformed:
    return Malformed(f"policy.opa_url {problem}", violations=(Violation("policy.opa_url", problem),))
