"""Private and public keys: made, kept in files, folders or a token; sign and verify."""
