"""The DataLab plugin "Jupyter": notebooks that are attached to DataLab's window.

DataLab finds plugins by their names: it imports every top-level module whose name
begins with `datalab_`. It imports this module again when the user reloads the plugins,
but not `datalab_kernel.desktop`, which does the work.
"""

from __future__ import annotations

from datalab_kernel.desktop import jupyter

# DataLab registers a plugin when its class is defined. Without Jupyter, this module
# defines no class, and DataLab shows no menu.
if jupyter.is_installed():
    from datalab.plugins import PluginBase, PluginInfo

    from datalab_kernel import __version__
    from datalab_kernel.desktop import menu

    class JupyterPlugin(PluginBase):  # type: ignore[misc]  # DataLab has no type hints
        """The plugin that adds the menu to both panels."""

        PLUGIN_INFO = PluginInfo(
            name="Jupyter",
            version=__version__,
            description="Notebooks that are attached to this window",
        )

        def create_actions(self) -> None:
            """Add the menu."""
            menu.add(self.main, self.proxy)
