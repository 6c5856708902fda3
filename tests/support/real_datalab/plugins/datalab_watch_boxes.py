"""A DataLab plugin that notes every modal widget; runs in DataLab's environment.

DataLab imports each module whose name begins with "datalab_". Each line of the file
that ``DATALAB_TEST_BOXES`` names describes one widget: its class, its title and its
text. If there is a file of that name with the suffix ``.close``, the dialogs are closed
and that file is removed.
"""

from __future__ import annotations

import os
from pathlib import Path

from datalab.plugins import PluginBase, PluginInfo
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QMessageBox


class BoxWatcher(PluginBase):
    """Looks for modal widgets many times a second."""

    PLUGIN_INFO = PluginInfo(name="Box watcher", version="1", description="")

    def register_hooks(self) -> None:
        self._log = Path(os.environ["DATALAB_TEST_BOXES"])
        self._log.touch()
        self._close = self._log.with_suffix(".close")
        self._known: list[object] = []
        self._timer = QTimer()
        self._timer.timeout.connect(self._look)
        self._timer.start(20)

    def create_actions(self) -> None:
        """There are none."""

    def _look(self) -> None:
        widget = QApplication.activeModalWidget()
        if widget is None:
            self._close.unlink(missing_ok=True)
            return
        if not any(widget is known for known in self._known):
            self._known.append(widget)
            text = widget.text() if isinstance(widget, QMessageBox) else ""
            line = f"{type(widget).__name__} {widget.windowTitle()!r} {text!r}"
            with self._log.open("a", encoding="utf-8") as log:
                log.write(line + "\n")
        if self._close.exists():
            widget.close()
