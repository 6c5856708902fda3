"""The command line: list, show, copy and check the objects of a file or a DataLab."""
