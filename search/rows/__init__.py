"""SQLite rows beside the index: captures, items, near texts, sightings (derived)."""
