"""Templates, the words of three languages, and pictures made of numbers."""
