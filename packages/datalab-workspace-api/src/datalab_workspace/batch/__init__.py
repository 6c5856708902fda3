"""Compute a chain of features or a function over thousands of objects."""
