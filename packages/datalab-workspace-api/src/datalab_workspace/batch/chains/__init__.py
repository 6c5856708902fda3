"""The chain of a run: its steps, its identity, and what travels to the workers."""
