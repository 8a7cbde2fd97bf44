"""Who answers on a loopback port: any local user may listen on one that is free, and would then decide for us.

So a plain connection to an OPA server on this machine counts only when the kernel says that those who listen on that
port are trusted: this user, root, and whom the operator names (`policy.opa_users`).
"""

import os
import socket
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENS, _UNKNOWN_UID = "0A", -1


class Stranger(OSError):
    """Somebody else than a trusted user listens on the port."""


def trusted_users(named: Collection[int]) -> frozenset[int]:
    """Return the user ids that may run a policy server for this node."""
    return frozenset({0, os.geteuid(), *named})


def check_listener(connected: socket.socket, trusted: Collection[int]) -> None:
    """Raise `Stranger` unless all who listen on the port that a socket is connected to are trusted, now."""
    port = connected.getpeername()[1]
    found = set(_listeners(port))
    if not found or not found <= set(trusted):
        raise Stranger(f"port {port} of this machine is not held by a trusted user")


def _listeners(port: int) -> Iterator[int]:
    for table in _TABLES:
        try:
            rows = table.read_text().splitlines()[1:]
        except FileNotFoundError:  # no IPv6, or no Linux: then nobody is found, and that is a refusal
            continue
        for row in rows:
            columns = row.split()
            if columns[3] == _LISTENS and int(columns[1].rpartition(":")[2], 16) == port:
                yield int(columns[7]) if columns[7].isdigit() else _UNKNOWN_UID


class LoopbackAdapter(HTTPAdapter):
    """Plain HTTP to this machine, each new connection held against `check_listener`."""

    def __init__(self, trusted: Collection[int], **options: Any) -> None:
        self._trusted = trusted
        super().__init__(**options)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools of connections that check who answers."""
        super().init_poolmanager(*arguments, **options)
        pools = {"http": _pool_for(self._trusted), "https": HTTPSConnectionPool}
        self.poolmanager.pool_classes_by_scheme = pools


def _pool_for(trusted: Collection[int]) -> type[HTTPConnectionPool]:
    class Checked(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            if self.sock is not None:
                check_listener(self.sock, trusted)

    class CheckedPool(HTTPConnectionPool):
        ConnectionCls = Checked

    return CheckedPool
