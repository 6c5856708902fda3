"""The names of the module `plotter` of version 0.2; deprecated."""

from __future__ import annotations

from datalab_kernel.deprecated import old_names

_TABLE = "Plotter(workspace).table(result)"

__getattr__ = old_names(
    __name__,
    {"Plotter": "datalab_kernel_core", "PlotResult": "datalab_kernel_core:Plot"},
    {
        "MatplotlibPlotter": "datalab_kernel_core.Plotter",
        "TableResultDisplay": _TABLE,
        "GeometryResultDisplay": _TABLE,
    },
)
