"""Pictures of DataLab's window."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QBuffer, QIODevice

from datalab_kernel.desktop.companion.entries import malformed
from datalab_kernel.desktop.companion.window import Window
from datalab_workspace.model.record import KINDS


def picture_of(window: Window, what: str) -> bytes:
    """Return a PNG file of the window or of a plot.

    Args:
        window: The window.
        what: "window"; or "signal" or "image" for the plot of that panel.

    Raises:
        ProtocolError: `what` is something else.
    """
    widget: Any = window.main
    for kind in KINDS:
        if what == kind:
            widget = window.panels[kind].plot.plot
    if what not in ("window", *KINDS):
        raise malformed(f"expected 'window', 'signal' or 'image', got {what!r:.40}")
    buffer = QBuffer()
    buffer.open(QIODevice.WriteOnly)
    widget.grab().save(buffer, "PNG")
    return bytes(buffer.data())
