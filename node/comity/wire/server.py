"""gRPC servers: one generic handler that lets a call in only through the access table.

Requests reach a handler as the exact bytes that came in, because these are what was signed.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_status import rpc_status

from comity.errors import ComityError, Forbidden, Reason, Unauthenticated
from comity.wire.status import rich_status

log = logging.getLogger(__name__)
security_log = logging.getLogger("comity.security")

_TLS = [b"TLSv1.3"]
UNARY = "unary"
STREAM = "stream"

OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.max_send_message_length", 4 * 1024 * 1024),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.max_concurrent_streams", 256),
    ("grpc.server_handshake_timeout_ms", 5_000),
    ("grpc.max_connection_age_ms", 30 * 60 * 1000),  # so that a removed CA ends open connections too
    ("grpc.so_reuseport", 0),
]


@dataclass(frozen=True, slots=True)
class Handler:
    """One RPC: `call(payload, context)` returns the reply's bytes, or an iterator of them for a stream."""

    call: Callable[[bytes, grpc.ServicerContext], Any]
    kind: str = UNARY
    pool: ThreadPoolExecutor | None = None
    """Threads of its own, for streams that stay open."""


class Routes(grpc.GenericRpcHandler):
    """Finds the handler of a method; a method that is not listed is refused, not unimplemented."""

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self._handlers = {method: _method_handler(method, handler) for method, handler in handlers.items()}
        self._refuse: Any = grpc.unary_unary_rpc_method_handler(_refuse_method)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a call, by its exact method name."""
        return self._handlers.get(handler_call_details.method, self._refuse)


def new_server(handlers: dict[str, Handler], *, threads: int, concurrent: int) -> grpc.Server:
    """Make a server for these methods and no others."""
    server = grpc.server(ThreadPoolExecutor(threads, "rpc"), options=OPTIONS, maximum_concurrent_rpcs=concurrent)
    server.add_generic_rpc_handlers((Routes(handlers),))
    return server


def peer_certificate(context: grpc.ServicerContext) -> bytes:
    """Return the PEM of the client certificate; raises `Unauthenticated` where there is none, or below TLS 1.3."""
    connection: Any = context.auth_context()
    if connection.get("ssl_tls_version") != _TLS:
        raise Unauthenticated("the connection is not TLS 1.3: use a client that speaks it", reason=Reason.UNKNOWN_PEER)
    found = connection.get("x509_pem_cert")
    if not found:
        raise Unauthenticated("the connection carries no client certificate", reason=Reason.UNKNOWN_PEER)
    return bytes(found[0])


def _method_handler(method: str, handler: Handler) -> Any:
    if handler.kind == STREAM:
        stream: Any = _streaming(method, handler.call)
        if handler.pool is not None:
            stream.experimental_thread_pool = handler.pool  # as grpc's own health service does
        return grpc.unary_stream_rpc_method_handler(stream)

    def unary(payload: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            reply: bytes = handler.call(payload, context)
        except ComityError as error:
            _abort(context, method, error)
        except Exception as bug:  # noqa: BLE001  the last resort: nothing of it may reach the peer
            _abort_internal(context, method, bug)
        return reply

    return grpc.unary_unary_rpc_method_handler(unary)


def _streaming(method: str, call: Callable[[bytes, grpc.ServicerContext], Iterator[bytes]]) -> Any:
    def stream(payload: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        try:
            yield from call(payload, context)
        except ComityError as error:
            _abort(context, method, error)
        except Exception as bug:  # noqa: BLE001
            _abort_internal(context, method, bug)

    return stream


def _refuse_method(_payload: bytes, context: grpc.ServicerContext) -> bytes:
    _abort(context, "(unlisted)", Forbidden("no such method for you", reason=Reason.METHOD_NOT_ALLOWED))
    return b""


def _abort(context: grpc.ServicerContext, method: str, error: ComityError) -> None:
    cause = type(error.__cause__).__name__ if error.__cause__ else "-"
    security_log.warning("refused method=%s reason=%s cause=%s from=%s", method, error.reason, cause, context.peer())
    context.abort_with_status(rpc_status.to_status(rich_status(error)))


def _abort_internal(context: grpc.ServicerContext, method: str, bug: Exception) -> None:
    log.error("internal error method=%s type=%s", method, type(bug).__name__, exc_info=_without_values(bug))
    context.abort_with_status(
        rpc_status.to_status(rich_status(ComityError("internal error; the node's log says more")))
    )


def _without_values(bug: Exception) -> tuple[type[Exception], Exception, Any]:
    """Return exception info whose message is gone: it could hold what a subject is called."""
    return type(bug), Exception("(message withheld)"), bug.__traceback__
