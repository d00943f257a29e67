"""Bytes for parsers: sound, odd, large, hostile; all made by a script."""
