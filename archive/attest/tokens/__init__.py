"""RFC 3161: requests, tokens, certificates of authorities, and their revocation."""
