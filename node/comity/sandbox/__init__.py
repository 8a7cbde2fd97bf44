"""How do I try it? A federation of several countries on this machine, with invented people."""
