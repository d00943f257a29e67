"""What leaves the archive and is checked without our software."""
