"""A disk that fails, a process that is killed at a call, and what lies there then."""
