"""Pictures without Matplotlib: drawn with NumPy, in the style of its pictures."""
