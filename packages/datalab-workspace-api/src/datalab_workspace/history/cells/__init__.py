"""The cells of a notebook: the running one, the names they use, and their text."""
