"""Witnesses: asking them for cosignatures, and being one for others."""
