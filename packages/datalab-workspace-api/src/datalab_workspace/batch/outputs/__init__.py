"""The files that a finished run leaves: projects and a CSV file."""
