"""The messages between what a page shows and the object in the kernel behind it.

Upstream: docs/upstream/comm_buffers.md
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from datalab_kernel_core.plotter.pace import running_loop
from datalab_workspace.runtime import missing

#: The packages that a widget imports.
_WIDGETS = ("anywidget", "comm", "ipywidgets", "psygnal")
#: The entries of a request that the reply repeats, so that the page can match them.
_ECHOED = ("view", "ask", "number", "changed", "log")

#: Seconds in which a kernel reports the end of a cell.
_REPORTED = 0.05


@dataclass(frozen=True)
class Reply:
    """The kernel's reply to a page.

    Attributes:
        content: The part that is sent as JSON.
        arrays: The binary part.
    """

    content: dict[str, Any]
    arrays: list[Any] = field(default_factory=list)


class Channel:
    """An open widget, and the method that answers its requests.

    Only the kernel can open the comm of a widget: with xeus-python, a page cannot.

    Args:
        widget: The widget.
        answer: The bound method that answers a request. Its object is not kept alive;
            the channel closes when it is gone.
    """

    def __init__(
        self, widget: Any, answer: Callable[[Mapping[str, Any]], Reply]
    ) -> None:
        self._widget = widget
        method = weakref.WeakMethod(answer)

        def on_message(_widget: Any, content: Any, _buffers: Any) -> None:
            answers = method()
            if answers is not None:
                self._reply(answers, content)

        widget.on_msg(on_message)
        # mypy does not know that `answer` is a bound method.
        weakref.finalize(answer.__self__, widget.close)  # type: ignore[attr-defined]

    def _reply(
        self, answer: Callable[[Mapping[str, Any]], Reply], content: Mapping[str, Any]
    ) -> None:
        request = {key: content.get(key) for key in _ECHOED}
        try:
            reply = answer(content)
        except Exception as error:  # noqa: BLE001  the page shows it
            message = str(error).strip() or "no message"
            reply = Reply({"error": f"{type(error).__name__}: {message}"})
        self.send({**request, **reply.content}, reply.arrays)

    def send(self, content: Mapping[str, Any], arrays: Sequence[Any] = ()) -> None:
        """Send a message to the page."""
        # xeus-python in a page accepts no other buffers than bytes.
        self._widget.send(dict(content), [bytes(array) for array in arrays])

    def close(self) -> None:
        """Close the widget: the page shows its picture again."""
        self._widget.close()


def open_soon(open_channel: Callable[[], object]) -> None:
    """Open a channel after the cell that shows it, or while that cell awaits something.

    No page can use it earlier, because the kernel is busy. A program that executes
    notebooks, such as nbconvert, saves the state of each widget that is opened before
    the kernel has reported the end of the cell. The kernel does so within `_REPORTED`
    of the moment at which the event loop runs again.

    Args:
        open_channel: Opens the channel. Without an event loop, it is called at once.
    """
    loop = running_loop()
    if loop is None:
        open_channel()
    else:
        loop.call_soon(loop.call_later, _REPORTED, open_channel)


def widget_class(module: str, name: str, call: str) -> Any:
    """Return the class of a widget.

    Args:
        module: Full name of its module.
        name: Its name there.
        call: The call of the user that needs it, for the error.

    Raises:
        ImportError: anywidget is not installed.
    """
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name not in _WIDGETS:
            raise
        raise missing(
            error.name,
            call,
            remedy='run pip install "datalab-kernel-core[interactive]", here and where '
            "Jupyter runs, and reload the page",
        ) from None
