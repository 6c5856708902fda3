"""A kernel in the page of a browser: the page's questions, and what it can show."""
