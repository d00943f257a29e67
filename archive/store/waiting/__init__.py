"""Captures made while no key is at hand: kept unsigned, stated when it is back."""
