"""The outbox, which collects printed text and sends it in few messages.

Each piece of text is kept with the request whose code printed it. The order in which
text was printed to both streams is preserved.
"""

from __future__ import annotations

import contextvars
import io
import os
import signal
import sys
import threading
import time
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# Seconds for which text is kept, so that later text can be sent with it.
INTERVAL = 0.05
# The number of calls of `flush` within that time that send the text immediately, and
# the number of characters above which it is sent immediately.
BURST = 50
CAPACITY = 1 << 20


class Outbox:
    """The text that was printed to either stream and has not been sent.

    Args:
        variable: The context variable in which xeus-python keeps the request that a
            message answers.
    """

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
            os.register_at_fork(after_in_child=self._disconnect_child)

    def put(self, stream: Stream, text: str) -> None:
        """Keep a string that was printed to a stream, for the current request."""
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
        """Send everything that waits."""
        with self._lock:
            waiting, self._waiting, self._size = self._waiting, [], 0
            for stream, request, texts in waiting:
                context = contextvars.Context()
                if request is not None:
                    context.run(self._variable.set, request)
                context.run(stream.publish, "".join(texts))

    def flush(self) -> None:
        """Send everything that waits, unless this is called too often."""
        if not self._waiting:
            return
        now = time.monotonic()
        if now - self._window > INTERVAL:
            self._window, self._flushed = now, 0
        self._flushed += 1
        if self._flushed <= BURST:
            self.send()

    def request(self) -> Any:
        """Return the request whose code is calling, or None."""
        return self._variable.get(None)

    def adopt(self, request: Any) -> None:
        """Link the later output of the calling thread to a request."""
        if request is not None:
            self._variable.set(request)

    def disconnect(self) -> None:
        """Send nothing from now on."""
        with self._lock:
            self._connected = False
            self._waiting = []

    def _disconnect_child(self) -> None:
        # After a fork, the sockets and the waiting text belong to the parent process,
        # and another thread may have held the lock.
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
    """The `sys.stdout` or `sys.stderr` of the cells.

    Args:
        raw: The stream of xeus-python, which sends a message for each call of `write`.
        name: "stdout" or "stderr".
        outbox: The outbox that collects the text.
    """

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
        """Print a string; return its length.

        Raises:
            TypeError: If it is not a string.
        """
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._outbox.put(self, text)
        return len(text)

    def flush(self) -> None:
        """Send the text that was printed."""
        self._outbox.flush()

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of the process's own stream.

        Raises:
            OSError: If the process has no such stream.
        """
        if self._process is None:
            raise io.UnsupportedOperation("fileno")
        return int(self._process.fileno())

    def close(self) -> None:
        """Send the printed text; the stream stays open for other cells."""
        self.flush()

    def publish(self, text: str) -> None:
        """Send a string to the front end, for the request of the context."""
        self._raw.write(text.encode("utf-8", self.errors).decode("utf-8"))

    def write_to_process(self, text: str) -> None:
        """Write a string to the process's own stream."""
        if self._process is not None:
            self._process.write(text)


class Bytes(io.BufferedIOBase):
    """The `buffer` of a stream: bytes that are written to it are text in UTF-8."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._decode = getincrementaldecoder(stream.encoding)(stream.errors).decode

    def write(self, data: ReadableBuffer) -> int:
        """Print bytes; return their number. A character may be split between calls."""
        self._stream.write(self._decode(bytes(data)))
        return memoryview(data).nbytes

    def flush(self) -> None:
        """Send the text that was printed."""
        self._stream.flush()

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the stream's own descriptor."""
        return self._stream.fileno()

    def close(self) -> None:
        """Send the printed text; the stream stays open for other cells."""
        self.flush()
