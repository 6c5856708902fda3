"""What is printed arrives: all of it, in order, soon, and with the right cell.

xeus-python sends a message for each call of `write`, two for one `print`. The
front end's socket drops what it cannot hold, the end of the cell included. What a
thread prints or displays is sent on behalf of no cell, and front ends drop it.
"""

from __future__ import annotations

import builtins
import contextvars
import getpass
import io
import os
import signal
import sys
import threading
import time
from codecs import getincrementaldecoder
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from datalab_kernel.xeus import cells, registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import ReadableBuffer
    from xeus_python_shell.shell import XPythonShell

# Text waits no longer than this for more of its kind, in seconds.
INTERVAL = 0.05
# How many calls of `flush` are obeyed at once within that time, and how much text
# may wait, in characters.
BURST = 50
CAPACITY = 1 << 20

# The variable in which xeus-python keeps the request that a message answers.
REQUEST = "request_context"

_outbox: Outbox | None = None


def install(shell: XPythonShell) -> None:
    """Collect what is printed, from the first cell on.

    xeus-python replaces the streams after this, so they are not there yet.
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

    cells.around_each(shell, begin, end)


def send() -> None:
    """Send what was printed, so that what is sent next comes after it."""
    if _outbox is not None:
        _outbox.send()


def finish() -> None:
    """Let what is printed from now on go where the process's own output goes."""
    if _outbox is not None:
        _outbox.disconnect()


class Outbox:
    """What was printed to either stream and not sent yet, in its order."""

    def __init__(self, variable: contextvars.ContextVar[Any]) -> None:
        self._variable = variable
        self._lock = threading.RLock()
        self._waiting: list[tuple[Stream, Any, list[str]]] = []
        self._size = 0
        self._written = threading.Event()
        self._window, self._flushed = 0.0, 0
        self._connected = True
        threading.Thread(target=self._send_regularly, daemon=True).start()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._abandon)

    def put(self, stream: Stream, text: str) -> None:
        """Keep a text that was printed to a stream, for the current request."""
        request = self.request()
        with self._lock:
            if not self._connected:
                stream.write_to_process(text)
                return
            last = self._waiting[-1] if self._waiting else None
            if last is not None and last[0] is stream and last[1] is request:
                last[2].append(text)
            else:
                self._waiting.append((stream, request, [text]))
            self._size += len(text)
            full = self._size > CAPACITY
        if full:
            self.send()
        else:
            self._written.set()

    def send(self) -> None:
        """Send all that waits."""
        with self._lock:
            waiting, self._waiting, self._size = self._waiting, [], 0
            for stream, request, texts in waiting:
                context = contextvars.Context()
                if request is not None:
                    context.run(self._variable.set, request)
                context.run(stream.publish, "".join(texts))

    def flush(self) -> None:
        """Send all that waits, unless that is asked for too often."""
        if not self._waiting:
            return
        now = time.monotonic()
        if now - self._window > INTERVAL:
            self._window, self._flushed = now, 0
        self._flushed += 1
        if self._flushed <= BURST:
            self.send()

    def request(self) -> Any:
        """Return the request on whose behalf the calling code runs, if any."""
        return self._variable.get(None)

    def act_for(self, request: Any) -> None:
        """Let the calling thread run on behalf of a request from now on."""
        if request is not None:
            self._variable.set(request)

    def disconnect(self) -> None:
        """Send nothing any more."""
        with self._lock:
            self._connected = False
            self._waiting = []

    def _abandon(self) -> None:
        # The sockets are the parent's, and so is what it had printed; its lock may
        # have been held.
        self._lock = threading.RLock()
        self.disconnect()

    def _send_regularly(self) -> None:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        while self._written.wait():
            self._written.clear()
            time.sleep(INTERVAL)
            self.send()


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a cell."""

    encoding = "utf-8"
    errors = "backslashreplace"
    mode = "w"
    line_buffering = False
    write_through = False

    def __init__(self, raw: Any, name: str, outbox: Outbox) -> None:
        self.name = f"<{name}>"
        self._raw = raw
        self._process = getattr(sys, f"__{name}__")
        self._outbox = outbox
        self.buffer = Bytes(self)

    def write(self, text: str) -> int:
        """Print a text; return its length.

        Raises:
            TypeError: If it is not a string.
        """
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._outbox.put(self, text)
        return len(text)

    def flush(self) -> None:
        """Send what was printed."""
        self._outbox.flush()

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of the process's own stream.

        Raises:
            OSError: If the process has none.
        """
        if self._process is None:
            raise io.UnsupportedOperation("fileno")
        return int(self._process.fileno())

    def close(self) -> None:
        """Send what was printed; other cells go on using the stream."""
        self.flush()

    def publish(self, text: str) -> None:
        """Send a text to the front end, for the request of the context."""
        self._raw.write(text.encode("utf-8", self.errors).decode("utf-8"))

    def write_to_process(self, text: str) -> None:
        """Write a text where the process's own output goes."""
        if self._process is not None:
            self._process.write(text)


class Bytes(io.BufferedIOBase):
    """The `buffer` of a stream: what is written to it is text in UTF-8."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._decode = getincrementaldecoder(stream.encoding)(stream.errors).decode

    def write(self, data: ReadableBuffer) -> int:
        """Print bytes; return their number. A character may come in pieces."""
        self._stream.write(self._decode(bytes(data)))
        return memoryview(data).nbytes

    def flush(self) -> None:
        """Send what was printed."""
        self._stream.flush()

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return what the stream's own `fileno` does."""
        return self._stream.fileno()

    def close(self) -> None:
        """Send what was printed; other cells go on using the stream."""
        self.flush()


def _is_raw(stream: Any) -> bool:
    return type(stream).__module__ == "stream" and hasattr(stream, "write")


def _connect(shell: XPythonShell) -> None:
    """Put collecting streams before xeus-python's own."""
    global _outbox
    if not (_is_raw(sys.stdout) and _is_raw(sys.stderr)):
        registry.stand_aside("streams", "the streams are not xeus-python's own")
        return
    variables = {variable.name: variable for variable in contextvars.copy_context()}
    if REQUEST not in variables:
        registry.stand_aside("streams", f"no context variable is named {REQUEST}")
        return
    outbox = _outbox = Outbox(variables[REQUEST])
    sys.stdout = Stream(sys.stdout, "stdout", outbox)
    sys.stderr = Stream(sys.stderr, "stderr", outbox)
    flush_before(shell.display_pub, "publish_display_data", outbox)
    flush_before(shell.display_pub, "clear_output", outbox)
    flush_before(shell.displayhook, "publish_execution_result", outbox)
    _tell_threads_their_cell(outbox)


class Flushing:
    """A function before which everything printed is sent."""

    def __init__(self, function: Callable[..., Any], outbox: Outbox) -> None:
        self._function = function
        self._outbox = outbox

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Send what was printed, and call the function."""
        self._outbox.send()
        return self._function(*args, **kwargs)


def flush_before(owner: Any, name: str, outbox: Outbox) -> None:
    """Make a function send everything printed first; doing it again is harmless."""
    function = getattr(owner, name, None)
    if callable(function) and not isinstance(function, Flushing):
        setattr(owner, name, Flushing(function, outbox))


def _tell_threads_their_cell(outbox: Outbox) -> None:
    """Let a thread, and each call given to an executor, know who started it."""
    start_thread = threading.Thread.start
    submit_call = ThreadPoolExecutor.submit

    def start(thread: threading.Thread) -> None:
        request, run = outbox.request(), thread.run

        def run_for_cell() -> None:
            vars(thread).pop("run", None)  # as it refers to the thread
            outbox.act_for(request)
            run()

        setattr(thread, "run", run_for_cell)  # noqa: B010  # a method, to mypy
        start_thread(thread)

    def submit(executor: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        request = outbox.request()

        def call() -> Any:
            outbox.act_for(request)
            return function(*args, **kwargs)

        return submit_call(executor, call)

    # Assigned by setattr because mypy takes a method for immutable.
    for owner, name, function in (
        (threading.Thread, "start", start),
        (ThreadPoolExecutor, "submit", submit),
    ):
        setattr(owner, name, function)
