"""Compute with sigima's functions, and record the results as DataLab does.

- `features` finds sigima's functions by name.
- `parameters` creates and checks their parameters.
- `titles` and `alignment` compose titles and align signals as DataLab does.
- `calculation` runs a function.
- `results` creates the metadata that DataLab records.
- `calculator` provides `calc` and `select` of a workspace.
"""
