"""Python in a browser: sites, their server, and what their kernels hold."""
