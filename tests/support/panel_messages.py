"""A panel of `workspace.browse()` by its messages, without a browser."""

from __future__ import annotations

import json
import queue
from typing import Any

from datalab_kernel_core.browse.panel import Panel


class Page:
    """What a page asks of a panel, and what it receives."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.messages: list[dict[str, Any]] = []
        self.buffers: list[list[bytes]] = []
        self._arrived: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        panel._repr_mimebundle_()
        assert panel._channel is not None
        self.widget = panel._channel._widget
        self.widget.send = self._receive

    def _receive(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        self.messages.append(json.loads(json.dumps(content)))
        self.buffers.append(buffers)
        self._arrived.put(self.messages[-1])

    def ask(self, asked: str, view: str = "v", **content: Any) -> dict[str, Any]:
        """Ask, and return the reply; others may be sent while it is made."""
        number = len(self.messages)
        message = {"ask": asked, "view": view, "number": number, **content}
        self.widget._handle_custom_msg(message, [])
        (reply,) = (m for m in self.messages[number:] if m["ask"] == asked)
        return reply

    def wait_for_row(self, **content: Any) -> None:
        """Wait until the panel sends a row with this content by itself."""
        while True:
            message = self._arrived.get(timeout=60)
            if message["ask"] == "changes" and any(
                content.items() <= row.items() for row in message["rows"]
            ):
                return

    def rows(self, first: int = 0, count: int = 40, **query: Any) -> list[Any]:
        rows: list[Any] = self.ask("rows", first=first, count=count, **query)["rows"]
        return rows

    def names(self, **query: Any) -> list[str]:
        return [row["name"] for row in self.rows(**query)]

    def key(self, name: str) -> str:
        (key,) = (row["key"] for row in self.rows() if row["name"] == name)
        return str(key)

    def act(self, action: str, *names: str, **more: Any) -> dict[str, Any]:
        uuids = [self.key(name) for name in names]
        return self.ask("act", action=action, uuids=uuids, **more)
