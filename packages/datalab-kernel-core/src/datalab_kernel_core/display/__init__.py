"""What objects, workspaces and their descriptions look like in a notebook."""
