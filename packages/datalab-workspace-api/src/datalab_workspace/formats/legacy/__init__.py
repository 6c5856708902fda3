"""The files of datalab-kernel 0.2, which are read and never written.

`format.LegacyFormat` is what the registry uses. Importing this package imports no h5py.
"""
