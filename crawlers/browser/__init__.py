"""A page as a person saw it, over the same engine: no bytes but the engine's own."""
