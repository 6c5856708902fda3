"""A replacement for debugpy's adapter, which runs in a process of its own."""
