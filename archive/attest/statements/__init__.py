"""Statements and their envelopes: kinds, fields, and rules between fields."""
