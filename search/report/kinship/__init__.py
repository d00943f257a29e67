"""Which captures are one article, and which text is a copy of another."""
