"""Invariants of the policy, proved over every question: see policy/PROVE.md."""
