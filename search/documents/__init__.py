"""What a search engine is given: one document per text that is told apart."""
