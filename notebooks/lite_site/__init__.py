"""JupyterLite sites with this clone's packages and the notebooks that run there."""
