"""A whole archive: all checks in one stream; those that need all of it, 17 to 21."""
