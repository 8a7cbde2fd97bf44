"""How are invented people called, spelled and numbered? Name lists, spellings per country, identity numbers."""
