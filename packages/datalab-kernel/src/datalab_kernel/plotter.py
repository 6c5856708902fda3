"""The names of the module `plotter` of version 0.2; deprecated."""

from __future__ import annotations

from datalab_kernel.deprecated import old_names

__getattr__ = old_names(__name__)
