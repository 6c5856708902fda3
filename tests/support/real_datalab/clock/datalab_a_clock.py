"""A DataLab plugin that takes the time of ours; it is imported before ours.

DataLab imports each module whose name begins with "datalab_", in alphabetical order.
"""

from __future__ import annotations

import importlib
import time
from types import ModuleType
from typing import Any

from datalab.plugins import PluginBase, PluginInfo

OURS = "datalab_kernel_plugin"
#: Seconds by step.
times: dict[str, float] = {}
_import_module = importlib.import_module


def _timed_import(name: str, package: str | None = None) -> ModuleType:
    if name != OURS:
        return _import_module(name, package)
    importlib.import_module = _import_module
    begun = time.perf_counter()
    module = _import_module(name, package)
    times["import"] = time.perf_counter() - begun
    create_actions = module.JupyterPlugin.create_actions

    def timed(self: Any) -> None:
        begun = time.perf_counter()
        create_actions(self)
        times["start"] = time.perf_counter() - begun

    module.JupyterPlugin.create_actions = timed
    return module


importlib.import_module = _timed_import


class Clock(PluginBase):
    """Does nothing; DataLab warns of a module without a plugin."""

    PLUGIN_INFO = PluginInfo(name="Clock", version="1", description="")

    def create_actions(self) -> None:
        """There are none."""
