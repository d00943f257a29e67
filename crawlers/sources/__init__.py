"""What is watched is data that a non-programmer can review: one TOML per source."""
