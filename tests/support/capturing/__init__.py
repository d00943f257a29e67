"""Around the capture engine: what hands it work, feeds it, and reads what it left."""
