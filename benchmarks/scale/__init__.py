"""Many documents made of real text, built into an index and asked."""
