"""Findings, gathered step by step into a report: the numbered table, the outcomes."""
