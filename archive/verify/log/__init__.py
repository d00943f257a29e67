"""The log beside the statements: checks 2, 7 to 9 and 14 to 16."""
