"""DataLab projects: HDF5 files in the layout of DataLab, read and written without it.

`format.ProjectFormat` is what the registry uses. It needs no h5py, like `signature`;
every other module imports h5py.
"""
