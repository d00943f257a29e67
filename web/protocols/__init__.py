"""Forms that other programs ask for: CDX, Memento, JSON Schema (pure)."""
