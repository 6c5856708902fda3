"""The history of an object for people: lines and words."""
