"""Answers as lines for a person, JSON, CSV, lists of addresses and feeds."""
