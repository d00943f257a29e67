"""Segment files: their bytes, the statements between them, and who vouches for each."""
