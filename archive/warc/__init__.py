"""WARC headers and gzip members: read and written here and nowhere else."""
