"""Have checkpoints stamped by RFC 3161 authorities; nothing is judged here."""
