"""Servers on loopback, really started, and what serves in memory in their place."""
