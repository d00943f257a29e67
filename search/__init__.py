"""Captured bytes to text, tokens, index and hits.

Imports `archive` only. Search engines and text extractors live here and nowhere else.
"""
