"""Projects as .npz archives, for places without h5py; DataLab does not open them.

`format.NpzFormat` is what the registry uses.
"""
