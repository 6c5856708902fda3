"""The encoding of objects for project files and for DataLab's protocols."""
