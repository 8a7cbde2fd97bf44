"""TLS 1.3 only, in both layers."""

import shutil
import subprocess
import sys

import pytest
from support.world import World

from comity.errors import Unauthenticated
from comity.wire.server import peer_certificate


class Connection:
    """What gRPC says of a connection."""

    def __init__(self, **facts: list[bytes]) -> None:
        self._facts = facts

    def auth_context(self) -> dict[str, list[bytes]]:
        return self._facts


@pytest.mark.parametrize("facts", [{}, {"ssl_tls_version": [b"TLSv1.2"]}, {"ssl_tls_version": []}])
def test_a_call_below_tls_1_3_is_refused(facts) -> None:
    with pytest.raises(Unauthenticated, match="is not TLS"):
        peer_certificate(Connection(x509_pem_cert=[b"pem"], **facts))
    assert peer_certificate(Connection(x509_pem_cert=[b"pem"], ssl_tls_version=[b"TLSv1.3"])) == b"pem"


def test_a_node_agrees_on_tls_1_3_and_nothing_below(world: World) -> None:
    """In a process of its own, as a node runs: gRPC is imported after `comity.wire`."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not here")
    keys = world.sandbox.home("FI").keys
    server = f"""
import comity.wire
from concurrent.futures import ThreadPoolExecutor
import grpc
key, pem, ca = (open("{keys}/" + name, "rb").read() for name in ("node.key", "node.pem", "ca.pem"))
server = grpc.server(ThreadPoolExecutor(1))
made = grpc.ssl_server_credentials([(key, pem)], ca, require_client_auth=True)
print(server.add_secure_port("127.0.0.1:0", made), flush=True)
server.start()
input()
"""
    node = subprocess.Popen([sys.executable, "-c", server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        port = int(node.stdout.readline())
        client = [openssl, "s_client", "-connect", f"127.0.0.1:{port}", "-alpn", "h2"]
        client += ["-cert", f"{keys}/node.pem", "-key", f"{keys}/node.key"]
        agreed = {
            version: b"Cipher is (NONE)"
            not in subprocess.run([*client, version], input=b"", capture_output=True).stdout
            for version in ("-tls1_2", "-tls1_3")
        }
    finally:
        node.communicate("\n", timeout=20)
    assert agreed == {"-tls1_2": False, "-tls1_3": True}
