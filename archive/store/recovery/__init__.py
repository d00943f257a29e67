"""What a crash or a kill left half done, put right before anything is written."""
