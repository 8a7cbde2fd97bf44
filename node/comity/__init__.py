"""Comity: questions between national agencies that are decided by agreement, signed, and provable."""

__version__ = "0.1.0"
