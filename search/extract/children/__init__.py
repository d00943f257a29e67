"""Processes for hostile bytes: bounded memory and time, no network, no new files."""
