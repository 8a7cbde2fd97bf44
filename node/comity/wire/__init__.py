"""How does it travel? Servicers, conversion, servers and peer channels; only this room touches `comity.v1`."""

import os

# TLS 1.3 only. gRPC has no option for the version, but reads the suites of TLS 1.2 (those of 1.3 are fixed) from here
# when it is first imported: suites for RSA keys can never be agreed with our P-256 certificates. Where gRPC was
# imported before, `server.peer_certificate` still refuses the call.
os.environ["GRPC_SSL_CIPHER_SUITES"] = "ECDHE-RSA-AES128-GCM-SHA256"
