"""The DataLab plugin "Jupyter": notebooks that are attached to DataLab's window.

DataLab imports every top-level module whose name begins so, and reloads it when the
user has plugins reloaded. The work is done in `datalab_kernel.desktop`, which stays.
"""

from __future__ import annotations

from datalab_kernel.desktop import jupyter

# DataLab takes each plugin class for a plugin: without Jupyter, there is none.
if jupyter.is_installed():
    from datalab.plugins import PluginBase, PluginInfo

    from datalab_kernel import __version__
    from datalab_kernel.desktop import menu

    class JupyterPlugin(PluginBase):  # type: ignore[misc]  # of DataLab, untyped
        """Adds a menu to both panels."""

        PLUGIN_INFO = PluginInfo(
            name="Jupyter",
            version=__version__,
            description="Notebooks that are attached to this window",
        )

        def create_actions(self) -> None:
            """Add the menu."""
            menu.add(self.main, self.proxy)
