"""The results of a run, as its user sees them."""
