"""Who says what, since when, and trusted by whom: statements, keys, trust folder."""
