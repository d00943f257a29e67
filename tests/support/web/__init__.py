"""The web interface of an archive, and who reads it."""
