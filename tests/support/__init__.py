"""Modules that several folders of tests share.

The folder `tests` is on the path of pytest (`pythonpath` in pyproject.toml). The
programs of `real_datalab` run in DataLab's own environment, so this module imports
nothing.
"""
