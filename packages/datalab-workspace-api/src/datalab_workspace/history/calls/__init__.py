"""The calls of sigima's features: noted, encoded, and computed again."""
