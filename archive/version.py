"""The product's name and version, as they stand in every statement and record."""

VERSION = "0.1.0"
SOFTWARE = f"election-evidence-archive/{VERSION}"
