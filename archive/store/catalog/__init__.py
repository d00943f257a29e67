"""The derived SQLite lookup: it follows the segments and may be thrown away."""
