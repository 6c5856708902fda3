"""The backend for a running DataLab, its clients, and the search for a DataLab."""
