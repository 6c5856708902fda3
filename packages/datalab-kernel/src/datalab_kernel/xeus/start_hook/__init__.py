"""The folder that the program `xpython` searches first for the module `sitecustomize`.

The launcher puts this folder on PYTHONPATH (see `datalab_kernel.xeus.program`). It must
contain no other module: the program could find that before a module of the user.
"""
