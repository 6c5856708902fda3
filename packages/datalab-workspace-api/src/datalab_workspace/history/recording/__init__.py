"""Note how the objects of a workspace are made, while the user works."""
