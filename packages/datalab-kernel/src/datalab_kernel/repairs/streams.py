"""The output streams: no printed text is lost, delayed or shown with a different cell.

xeus-python sends a message for each call of `write`, and thus two messages for one
`print`. If there are too many messages for the queue of a socket, the socket discards
some of them, possibly the one that reports the end of the cell. Text that a thread
prints has no link to a cell, so front ends discard it. What C code and other processes
write reaches the log of the Jupyter server, but not the notebook.

The environment variable `DATALAB_KERNEL_CAPTURE_OUTPUT=0` leaves the file descriptors
as they are.

Upstream: docs/upstream/streams.md, docs/upstream/descriptors.md
"""

from __future__ import annotations

import builtins
import faulthandler
import getpass
import logging
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TextIO

from datalab_kernel.xeus import (
    cells,
    descriptors,
    pulse,
    registry,
    request_context,
    survivor,
)
from datalab_kernel.xeus.outbox import Outbox, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from xeus_python_shell.shell import XPythonShell

# Set to 0 in the environment, it leaves the file descriptors as they are.
SWITCH = "DATALAB_KERNEL_CAPTURE_OUTPUT"

_outbox: Outbox | None = None
_error_stream: Stream | None = None


def install(shell: XPythonShell) -> None:
    """Collect printed text, from the first cell on.

    xeus-python creates its own streams only after this call. They are therefore
    replaced when the first cell begins.
    """

    def begin() -> None:
        if _outbox is None:
            _connect(shell)
        if _outbox is not None:
            flush_before(builtins, "input", _outbox)
            flush_before(getpass, "getpass", _outbox)

    def end() -> None:
        if _outbox is not None:
            _outbox.end_cell()

    cells.wrap_each(shell, begin, end)


def send() -> None:
    """Send the printed text, so that it arrives before the next message."""
    if _outbox is not None:
        _outbox.send()


def error_stream() -> Any:
    """Return the stream for the kernel's own messages, which no code captures."""
    return _error_stream or sys.stderr


def finish() -> None:
    """Write later output to the process's own streams."""
    if _outbox is not None:
        _outbox.disconnect()


def _is_raw(stream: Any) -> bool:
    return type(stream).__module__ == "stream" and hasattr(stream, "write")


def _connect(shell: XPythonShell) -> None:
    """Replace xeus-python's streams by streams that collect text."""
    global _outbox, _error_stream
    if not (_is_raw(sys.stdout) and _is_raw(sys.stderr)):
        registry.mark_inactive("streams", "the streams are not xeus-python's own")
        return
    variable = request_context.variable()
    if variable is None:
        reason = f"no context variable is named {request_context.NAME}"
        registry.mark_inactive("streams", reason)
        return
    outbox = _outbox = Outbox(variable)
    sys.stdout = Stream(sys.stdout, "stdout", outbox)
    sys.stderr = _error_stream = Stream(sys.stderr, "stderr", outbox)
    flush_before(shell.display_pub, "publish_display_data", outbox)
    flush_before(shell.display_pub, "send_clear_output", outbox)
    flush_before(shell.displayhook, "publish_execution_result", outbox)
    _pass_request_to_threads(outbox)
    # Called when a cell begins to run. It may have waited for others until then.
    shell.events.register("pre_execute", outbox.begin_cell)
    if _captures():
        _capture_descriptors(outbox, sys.stdout, sys.stderr)


def _capture_descriptors(outbox: Outbox, *streams: Stream) -> None:
    """Collect what is written to the descriptors of the process's own streams."""
    captured: list[descriptors.Descriptor] = []
    try:
        for stream in streams:
            stream.process.flush()
            captured.append(descriptors.Descriptor(stream.process.fileno()))
        survivor.start(*captured)
    except (OSError, subprocess.SubprocessError) as error:
        for descriptor in captured:
            descriptor.restore()
        registry.mark_inactive("descriptors", f"{type(error).__name__}: {error}")
        return
    for stream, descriptor in zip(streams, captured, strict=True):
        # A child that is forked prints to it, and must write each line at once.
        stream.process.reconfigure(line_buffering=True)
        outbox.capture(stream, descriptor)
    _report_to_log(os.fdopen(captured[1].original, "w", buffering=1, closefd=False))
    pulse.call_every_second(outbox.notice)


def _captures() -> bool:
    """Return whether the output of file descriptors is collected in this kernel."""
    wanted = os.environ.get(SWITCH) != "0" and descriptors.SUPPORTED
    return wanted and None not in (sys.__stdout__, sys.__stderr__)


def _report_to_log(log: TextIO) -> None:
    """Let the kernel's own log and crash reports reach the log of the Jupyter server.

    The kernel's log is that of the handlers that exist before the first cell. A crash
    report in the file that this process reads would have to wait for its end.
    """
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    for logger in loggers:
        for handler in getattr(logger, "handlers", ()):  # a placeholder has none
            if getattr(handler, "stream", None) is sys.__stderr__:
                handler.setStream(log)
    enable = faulthandler.enable

    def enable_for_log(file: Any = None, *args: Any, **options: Any) -> None:
        enable(log if file is None else file, *args, **options)

    faulthandler.enable = enable_for_log
    faulthandler.enable()


class Flushing:
    """A function that sends the printed text before it runs."""

    def __init__(self, function: Callable[..., Any], outbox: Outbox) -> None:
        self._function = function
        self._outbox = outbox

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Send the printed text, and call the function."""
        self._outbox.send()
        return self._function(*args, **kwargs)


def flush_before(owner: Any, name: str, outbox: Outbox) -> None:
    """Make a function send the printed text first; a second call changes nothing."""
    function = getattr(owner, name, None)
    if callable(function) and not isinstance(function, Flushing):
        setattr(owner, name, Flushing(function, outbox))


def _pass_request_to_threads(outbox: Outbox) -> None:
    """Link the output of threads and executors to the cell that started them."""
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
