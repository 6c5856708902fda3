"""Where the objects of a workspace are: in memory, or in a running DataLab."""
