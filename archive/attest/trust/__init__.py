"""Whom a reader believes: the trust folder, what stands in it, and who is added."""
