"""Hostile payload to text; every parser is bounded and runs in a worker process."""
