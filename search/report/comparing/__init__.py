"""Two texts, two captures, two lists: what changed, and how far they agree."""
