"""The command `evidence`: parse, call one function, print."""
