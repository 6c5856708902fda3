"""How Records are written down: project files, the sidecar, earlier formats."""
