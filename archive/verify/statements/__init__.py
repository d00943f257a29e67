"""One statement with its slice: checks 1 to 6 and 10, and what it refers to."""
