"""Records as the bytes and JSON of DataLab's protocols."""
