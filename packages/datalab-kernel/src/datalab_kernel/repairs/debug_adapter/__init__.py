"""debugpy's adapter, repaired; a process of its own."""
