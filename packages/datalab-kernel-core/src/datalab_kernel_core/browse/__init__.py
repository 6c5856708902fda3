"""The panel of `workspace.browse()`, which receives only the rows that it shows."""
