"""Hostile HTML, shown on its own origin, never running archived script."""
