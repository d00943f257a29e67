"""Tokens of time-stamp authorities beside the log, and what the log states of them."""
