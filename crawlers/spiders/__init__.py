"""One way of following links per file; no evidence is parsed here."""
