"""One module per measured quality; the tests and the benchmark read the same code."""
