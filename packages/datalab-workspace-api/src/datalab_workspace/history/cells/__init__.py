"""The cells of a notebook: which one runs, what each one uses, and their texts."""
