"""Code generated from proto/comity/v1 by `make proto`; do not edit."""
