"""How does it travel? Servicers, conversion, servers and peer channels; only this room touches `comity.v1`."""
