"""The sockets that xeus-python reads in the event loop of Python.

ZeroMQ announces a message once, and sending one may take the announcement away: a
request that arrives while another is answered would stay unread until the next comes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The module of what xeus-python's C++ gives to Python.
NATIVE = "pybind11_builtins"


def readers() -> Iterator[tuple[Any, Callable[[], None]]]:
    """Find the sockets of the running loop that xeus-python reads, and how."""
    for file, handle in _handles():
        yield file, handle._callback  # noqa: SLF001


def read_soon() -> None:
    """Have the requests read, in the loop's next step, that came unannounced."""
    loop = asyncio.get_running_loop()
    for _, handle in _handles():
        loop.call_soon(handle._callback, context=handle._context)  # noqa: SLF001


def _handles() -> Iterator[tuple[Any, Any]]:
    selector = getattr(asyncio.get_running_loop(), "_selector", None)
    for key in [] if selector is None else list(selector.get_map().values()):
        reader = key.data[0]
        callback: Any = getattr(reader, "_callback", None)
        if type(getattr(callback, "__self__", None)).__module__ == NATIVE:
            yield key.fileobj, reader
