"""The items of a run: what the user passes, and what a worker receives."""
