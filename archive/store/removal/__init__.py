"""Lawful removal of one entry: a tombstone, then the segment written without it."""
