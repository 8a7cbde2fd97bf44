"""What do we hold? Entities, import, search keys, matching."""
