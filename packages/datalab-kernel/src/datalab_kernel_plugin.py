"""The DataLab plugin: notebooks that are attached to DataLab's window.

DataLab finds plugins by their names: it imports every top-level module whose name
begins with `datalab_`. It imports this module again when the user reloads the plugins,
but not `datalab_kernel.desktop`, which does the work.
"""

from __future__ import annotations

from datalab.plugins import PluginBase, PluginInfo

from datalab_kernel import __version__
from datalab_kernel.desktop import companion, jupyter


class JupyterPlugin(PluginBase):  # type: ignore[misc]  # DataLab has no type hints
    """The plugin that starts the companion and adds the menu to both panels."""

    PLUGIN_INFO = PluginInfo(
        name="Jupyter",
        version=__version__,
        description="Notebooks that are attached to this window",
    )

    def create_actions(self) -> None:
        """Start the companion, and add the menu if Jupyter can run.

        DataLab calls this when the window is complete, and again when the user reloads
        the plugins.
        """
        companion.start(self.main)
        if jupyter.is_installed():
            from datalab_kernel.desktop import menu

            menu.add(self.main, self.proxy)
