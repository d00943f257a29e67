"""What a reader should know and no verdict depends on: hosts, test set-ups."""
