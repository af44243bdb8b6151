"""Coverage-guided fuzzing of every parser of ours: `python -m tests.fuzz --seconds 10 [NAME…]`."""
