"""TLS of the two ports: certificates reload on every new connection, and clients must always show one."""

from collections.abc import Callable

import grpc

from comity.identity.node import NodeIdentity


def peer_credentials(identity: NodeIdentity, ca_union: Callable[[], bytes]) -> grpc.ServerCredentials:
    """Return the credentials of the peer port.

    The TLS layer trusts the union of all peers' CA bundles (and our own, so that it is never empty); `PeerBook`
    then checks again that a certificate chains to the bundle of its own trust domain.
    """

    def configuration() -> grpc.ServerCertificateConfiguration:
        trusted = ca_union() + identity.ca_pem
        return grpc.ssl_server_certificate_configuration([(identity.key_pem, identity.certificate_pem)], trusted)

    return grpc.dynamic_ssl_server_credentials(configuration(), configuration, require_client_authentication=True)


def desk_credentials(identity: NodeIdentity) -> grpc.ServerCredentials:
    """Return the credentials of the desk port: certificates of the node's own CA only."""
    pair = (identity.key_pem, identity.certificate_pem)
    return grpc.ssl_server_credentials([pair], identity.ca_pem, require_client_auth=True)
