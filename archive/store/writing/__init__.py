"""The one writer of an archive: a thread that commits in groups, and checkpoints."""
