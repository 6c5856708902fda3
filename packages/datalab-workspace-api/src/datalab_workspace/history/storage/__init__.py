"""The histories of objects as they travel in files and protocols."""
