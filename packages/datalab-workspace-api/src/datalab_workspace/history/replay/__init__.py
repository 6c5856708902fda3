"""Make objects again from their inputs, and find those that are out of date."""
