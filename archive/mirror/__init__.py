"""Copies that only grow: pull another archive, verify it again, repair from it."""
