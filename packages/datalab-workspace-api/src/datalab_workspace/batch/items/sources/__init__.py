"""The sources of items: files, objects in memory, and a running DataLab."""
