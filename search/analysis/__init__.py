"""Text to tokens in Python, so that every engine returns the same hits."""
