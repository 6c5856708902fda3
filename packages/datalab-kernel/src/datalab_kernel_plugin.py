"""The DataLab plugin "Jupyter": notebooks that are attached to DataLab's window.

DataLab imports every top-level module whose name begins with `datalab_`, and imports it
again when plugins are reloaded. The work is done in `datalab_kernel.desktop`, which is
not reloaded.
"""

from __future__ import annotations

from datalab_kernel.desktop import jupyter

# DataLab registers every plugin class that is defined; without Jupyter, none is.
if jupyter.is_installed():
    from datalab.plugins import PluginBase, PluginInfo

    from datalab_kernel import __version__
    from datalab_kernel.desktop import menu

    class JupyterPlugin(PluginBase):  # type: ignore[misc]  # DataLab has no type hints
        """Adds a menu to both panels."""

        PLUGIN_INFO = PluginInfo(
            name="Jupyter",
            version=__version__,
            description="Notebooks that are attached to this window",
        )

        def create_actions(self) -> None:
            """Add the menu."""
            menu.add(self.main, self.proxy)
