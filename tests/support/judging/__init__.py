"""What a test expects, how often it tries, and how results are held against it."""
