"""From the log to an index: take in, extract, store in batches, compare, make anew."""
