"""An archive read back: captures, payloads, jobs, and what may not be published."""
