"""The engines of runs: one module for each kind of workers."""
