"""What a job promised, how each seed ended, and what a cut run left to do."""
