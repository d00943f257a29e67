"""Time-stamp tokens, and the bracket they prove: checks 11 to 13 and 20."""
