"""Segments read in pieces, by one process or by several side by side."""
