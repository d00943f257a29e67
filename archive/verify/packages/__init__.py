"""A WACZ: is it whole, and does the evidence in it prove what it shows (check 22)."""
