"""Modules that several folders of tests share.

The folder `tests` is on the path of pytest (`pythonpath` in pyproject.toml). Programs
of `real_datalab` also run in DataLab's own environment: this module imports nothing.
"""
