"""The workspace for a shell: what is in a file or a running DataLab, and copying it."""
