"""DataLab's project files: HDF5 in its own layout, read and written without it.

`reader.read_project` and `writer.write_project` are what others call. The modules of
this package import h5py; importing the package doesn't.
"""
