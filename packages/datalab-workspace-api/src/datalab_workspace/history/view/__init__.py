"""Show the history of an object to people, in words and lines."""
