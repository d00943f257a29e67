"""Shows everything without a network: example sites on loopback, two visits."""
