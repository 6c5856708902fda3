"""Recovery in the page of a browser: no threads, and files stored as a whole."""
