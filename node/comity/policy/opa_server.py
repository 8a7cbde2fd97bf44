"""The OPA engine: a server that runs already, or one that the node starts for itself.

OPA answers an undefined rule with HTTP 200 and no `result`; that, any error and any delay is `Unavailable`.
"""

import logging
import time
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from opa_client import OpaClient
from requests.adapters import HTTPAdapter

from comity.errors import Malformed, Unavailable, Violation
from comity.policy.bundle import PolicySet, revision_of
from comity.policy.document import encode
from comity.policy.engine import BaseEngine
from comity.policy.opa_process import Opa, start_opa
from comity.policy.signing import BundleSigner

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 2.0
_CONNECTIONS = 64
_TRUSTED_SECONDS = 5.0
_REVISION = "comity/revision"


class OpaServerEngine(BaseEngine):
    """Evaluates in an OPA server over REST. Never retries: whoever asked may ask again."""

    def __init__(self, url: str, token: str = "", *, revision: str = "") -> None:
        """Connect to `url`; with `revision`, only what that bundle decided is taken for a decision.

        Whoever operates the server may load another bundle at any moment, so each answer says by which it was given.
        """
        host, port, tls = _address(url)
        self._revision = revision
        self._client = OpaClient(
            host=host, port=port, ssl=tls, token=token or None, retries=0, timeout=_TIMEOUT_SECONDS
        )
        self._session: requests.Session = self._client._session  # noqa: SLF001  the client offers no setting for these
        self._session.trust_env = False  # neither a proxy nor a .netrc may come between node and policy
        self._session.max_redirects = 0
        self._session.mount("http://", HTTPAdapter(pool_maxsize=_CONNECTIONS, max_retries=0))
        self._session.mount("https://", HTTPAdapter(pool_maxsize=_CONNECTIONS, max_retries=0))
        self._asked_with = {"provenance": True} if revision else {}
        self._answered = 0.0
        self._closed = False

    def health(self) -> None:
        """Decide on an empty document, and compare the revision of the bundle where one is expected."""
        super().health()
        if self._revision and self._evaluate(_REVISION, {}) != self._revision:
            raise _other_bundle()

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
            raise Unavailable("the OPA server gave no answer: nothing was decided, see `comity doctor`") from cause
        if not isinstance(answer, dict) or "result" not in answer:
            raise Unavailable("the OPA server has no such policy: load the bundle of `comity policy bundle`")
        if self._asked_with and self._revision not in _revisions(answer):
            raise _other_bundle()
        self._answered = time.monotonic()
        return answer["result"]


class OpaProcess(OpaServerEngine):
    """Evaluates in a private OPA server that lives and dies with this process."""

    def __init__(self, opa: Opa, revision: str) -> None:
        super().__init__(opa.url, opa.token, revision=revision)
        self._asked_with = {}  # nobody but this process can give it another bundle: `health` has compared once
        self._opa = opa

    @classmethod
    def start(cls, policy: PolicySet, sequence: int = 0, signer: BundleSigner | None = None) -> Self:
        """Start OPA with this policy set; raises `Unavailable` with the remedy when it cannot."""
        opa = start_opa(policy, sequence, signer)
        engine = cls(opa, revision_of(policy, sequence))
        try:
            engine.health()
        except Unavailable:
            engine.close()
            raise
        opa.forget_files()
        return engine

    @property
    def group(self) -> int:
        """Process group of the server, for whoever watches processes."""
        return self._opa.group

    def alive(self) -> bool:
        """Whether the server's process lives."""
        return not self._closed and self._opa.running()

    def close(self) -> None:
        """Stop the server."""
        super().close()
        self._opa.stop()

    def _evaluate(self, entrypoint: str, document: Mapping[str, Any]) -> Any:
        if not self._opa.running():  # its port may be somebody else's by now
            raise Unavailable("the OPA process is gone: nothing was decided, restart the node")
        return super()._evaluate(entrypoint, document)


def _revisions(answer: Mapping[str, Any]) -> set[Any]:
    """Return the revisions of the bundles that an answer was given by, in the same transaction."""
    said = answer.get("provenance")
    bundles = said.get("bundles") if isinstance(said, dict) else None
    named = bundles.values() if isinstance(bundles, dict) else ()
    return {each["revision"] for each in named if isinstance(each, dict) and isinstance(each.get("revision"), str)}


def _other_bundle() -> Unavailable:
    return Unavailable(
        "the OPA server holds another policy bundle: let it load the one in force, see `comity policy status`"
    )


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
