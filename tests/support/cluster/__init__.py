"""A cluster on one machine: its network, its scheduler and its workers."""
