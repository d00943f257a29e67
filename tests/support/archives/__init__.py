"""Small archives, the values they are made of, and copies of them."""
