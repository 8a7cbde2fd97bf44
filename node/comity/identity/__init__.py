"""Who is speaking? Keys, certificates, SPIFFE ids, peers, signatures, and who may call what."""
