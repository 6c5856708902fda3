"""A running DataLab: the backend, its clients, and how they find it."""
