"""Printed text arrives completely, in order, soon, and with the cell that printed it.

xeus-python sends a message for each call of `write`, which is two messages for one
`print`. A socket that cannot hold all of them discards some, even the message that
reports the end of the cell. Text that a thread prints belongs to no cell, so front ends
discard it.

Upstream: docs/upstream/streams.md
"""

from __future__ import annotations

import builtins
import contextvars
import getpass
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from datalab_kernel.xeus import cells, registry
from datalab_kernel.xeus.outbox import Outbox, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from xeus_python_shell.shell import XPythonShell

# The context variable in which xeus-python keeps the request that a message answers.
REQUEST = "request_context"

_outbox: Outbox | None = None


def install(shell: XPythonShell) -> None:
    """Collect printed text, from the first cell on.

    xeus-python creates its own streams after this call, so nothing can be replaced yet.
    """

    def begin() -> None:
        if _outbox is None:
            _connect(shell)
        if _outbox is not None:
            flush_before(builtins, "input", _outbox)
            flush_before(getpass, "getpass", _outbox)

    def end() -> None:
        if _outbox is not None:
            _outbox.send()

    cells.wrap_each(shell, begin, end)


def send() -> None:
    """Send what was printed, so that the next message comes after it."""
    if _outbox is not None:
        _outbox.send()


def finish() -> None:
    """Write what is printed from now on to the process's own streams."""
    if _outbox is not None:
        _outbox.disconnect()


def _is_raw(stream: Any) -> bool:
    return type(stream).__module__ == "stream" and hasattr(stream, "write")


def _connect(shell: XPythonShell) -> None:
    """Replace xeus-python's streams by streams that collect text."""
    global _outbox
    if not (_is_raw(sys.stdout) and _is_raw(sys.stderr)):
        registry.mark_inactive("streams", "the streams are not xeus-python's own")
        return
    variables = {variable.name: variable for variable in contextvars.copy_context()}
    if REQUEST not in variables:
        registry.mark_inactive("streams", f"no context variable is named {REQUEST}")
        return
    outbox = _outbox = Outbox(variables[REQUEST])
    sys.stdout = Stream(sys.stdout, "stdout", outbox)
    sys.stderr = Stream(sys.stderr, "stderr", outbox)
    flush_before(shell.display_pub, "publish_display_data", outbox)
    flush_before(shell.display_pub, "clear_output", outbox)
    flush_before(shell.displayhook, "publish_execution_result", outbox)
    _pass_request_to_threads(outbox)


class Flushing:
    """A function that sends the printed text before it runs."""

    def __init__(self, function: Callable[..., Any], outbox: Outbox) -> None:
        self._function = function
        self._outbox = outbox

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Send what was printed, and call the function."""
        self._outbox.send()
        return self._function(*args, **kwargs)


def flush_before(owner: Any, name: str, outbox: Outbox) -> None:
    """Make a function send the printed text first; a second call changes nothing."""
    function = getattr(owner, name, None)
    if callable(function) and not isinstance(function, Flushing):
        setattr(owner, name, Flushing(function, outbox))


def _pass_request_to_threads(outbox: Outbox) -> None:
    """Run each thread, and each call of an executor, for the cell that started it."""
    start_thread = threading.Thread.start
    submit_call = ThreadPoolExecutor.submit

    def start(thread: threading.Thread) -> None:
        request, run = outbox.request(), thread.run

        def run_for_cell() -> None:
            vars(thread).pop("run", None)  # because it refers to the thread
            outbox.adopt(request)
            run()

        setattr(thread, "run", run_for_cell)  # noqa: B010  # mypy rejects assignment
        start_thread(thread)

    def submit(executor: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        request = outbox.request()

        def call() -> Any:
            outbox.adopt(request)
            return function(*args, **kwargs)

        return submit_call(executor, call)

    # Set with setattr because mypy does not allow assignment to a method.
    for owner, name, function in (
        (threading.Thread, "start", start),
        (ThreadPoolExecutor, "submit", submit),
    ):
        setattr(owner, name, function)
