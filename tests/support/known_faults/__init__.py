"""Calls that show each known fault of sigima."""
