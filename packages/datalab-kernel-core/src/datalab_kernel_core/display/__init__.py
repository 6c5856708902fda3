"""The HTML and short text of objects, workspaces and descriptions in a notebook."""
