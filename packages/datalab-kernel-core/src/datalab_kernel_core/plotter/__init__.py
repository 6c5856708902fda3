"""Pictures of signals and images, drawn with Matplotlib."""
