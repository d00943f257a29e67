"""The archive folder on disk, and everything in it that a crash can leave half done."""
