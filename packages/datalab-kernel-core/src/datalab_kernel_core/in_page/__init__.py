"""Widgets that replace a picture of the notebook while its kernel is running."""
