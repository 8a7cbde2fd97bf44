"""The command line: one program, `comity`."""
