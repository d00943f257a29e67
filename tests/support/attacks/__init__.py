"""What an enemy does to an archive or a package, with or without its keys."""
