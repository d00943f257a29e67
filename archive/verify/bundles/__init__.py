"""An evidence bundle against the reader's own trust."""
