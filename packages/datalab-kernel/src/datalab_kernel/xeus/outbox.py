"""The outbox, which collects printed text and sends it in few messages.

Each piece of text is kept with the request whose code printed it. The order in which
text was printed to both streams is preserved. Output that C code and other processes
write to the captured descriptors is collected before a string is added and before text
is sent. It is kept with the request of the cell that runs, or of the last one.
"""

from __future__ import annotations

import contextvars
import io
import math
import os
import signal
import sys
import threading
import time
from codecs import getincrementaldecoder
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import ReadableBuffer

    from datalab_kernel.xeus.descriptors import Descriptor

# Seconds for which text is kept, so that later text can be sent with it.
INTERVAL = 0.05
# The number of calls of `flush` within that time that send the text immediately, and
# the number of characters above which it is sent immediately.
BURST = 50
CAPACITY = 1 << 20
# Seconds after a cell, and after any output of a captured descriptor, for which the
# descriptors are read every `INTERVAL`. Nothing reports that something was written to a
# file, and to ask 20 times a second would keep an idle machine awake. After that time,
# `notice` is called once a second by a thread that exists anyway.
LINGER = 5.0


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
        self._due = 0.0  # when printed text that waits must be sent
        self._window, self._flushed = 0.0, 0
        self._connected = True
        self._sources: list[Source] = []
        self._collecting = False
        self._cell: Any = None
        self._watched_until = 0.0
        threading.Thread(target=self._send_regularly, daemon=True).start()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._flush_process, after_in_child=self._disconnect_child
            )

    def capture(self, stream: Stream, descriptor: Descriptor) -> None:
        """Collect the output of a descriptor, as text of a stream."""
        self._sources.append(Source(stream, descriptor))

    def begin_cell(self) -> None:
        """Link the later output of captured descriptors to the current request."""
        with self._lock:
            self._collect()
            self._cell = self.request()
            self._watched_until = math.inf
        self._written.set()

    def end_cell(self) -> None:
        """Send everything that waits; a background process may write more later."""
        with self._lock:
            self._watched_until = time.monotonic() + LINGER
            self._flush_process()
            self._collect(final=True)
            self.send()

    def notice(self) -> None:
        """Let the output of captured descriptors be sent, if there is some."""
        if any(source.descriptor.has_grown() for source in self._sources):
            self._written.set()

    def put(self, stream: Stream, text: str) -> None:
        """Keep a string that was printed to a stream, for the current request.

        A thread that has no request, such as one of a C library, prints for the cell.
        """
        request = self.request()
        if request is None:
            request = self._cell
        with self._lock:
            if not self._connected:
                stream.write_to_process(text)
                return
            if not self._waiting:
                self._due = time.monotonic() + INTERVAL
            for source in self._sources:
                if source.descriptor.has_grown():
                    self._collect()
                    break
            self._add(stream, request, text)
        self._written.set()

    def send(self) -> None:
        """Send everything that waits."""
        with self._lock:
            self._collect()
            self._publish()

    def flush(self, stream: Stream) -> None:
        """Send everything that waits, unless this is called too often.

        A process that cannot send anything writes the text of the stream.
        """
        if not self._connected:
            stream.flush_process()
        if not (self._waiting or self._sources):
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
        """Send nothing from now on, and give the descriptors their targets back.

        What was not sent is written there.
        """
        with self._lock:
            self._connected = False
            waiting, self._waiting = self._waiting, []
            sources, self._sources = self._sources, []
            for source in sources:
                source.descriptor.restore()
            for stream, _, texts in waiting:
                stream.write_to_process("".join(texts))

    def _add(self, stream: Stream, request: Any, text: str) -> None:
        last = self._waiting[-1] if self._waiting else None
        if last is not None and last[0] is stream and last[1] is request:
            last[2].append(text)
        else:
            self._waiting.append((stream, request, [text]))
        self._size += len(text)
        if self._size > CAPACITY:
            self._publish()

    def _collect(self, *, final: bool = False) -> None:
        """Keep what was written to the captured descriptors, for the cell.

        Args:
            final: Do not wait for the rest of a character that was written in part.
        """
        if self._collecting:  # a signal handler prints, or a finalizer does
            return
        self._collecting = True
        try:
            for source in self._sources:
                for text in source.texts(final=final):
                    self._add(source.stream, self._cell, text)
                    self._watched_until = max(
                        self._watched_until, time.monotonic() + LINGER
                    )
        finally:
            self._collecting = False

    def _publish(self) -> None:
        waiting, self._waiting, self._size = self._waiting, [], 0
        for stream, request, texts in waiting:
            context = contextvars.Context()
            if request is not None:
                context.run(self._variable.set, request)
            context.run(stream.publish, "".join(texts))

    def _flush_process(self) -> None:
        """Write what was printed to the process's own streams, such as sys.__stdout__.

        In addition, a child that is forked must not inherit that text and repeat it.
        """
        for source in self._sources:
            source.stream.flush_process()

    def _disconnect_child(self) -> None:
        # After a fork, the sockets and the waiting text belong to the parent process,
        # and another thread may have held the lock.
        self._lock = threading.RLock()
        # The child writes to the captured descriptors, and the parent collects that.
        self._waiting, self._sources = [], []
        self.disconnect()

    def _send_regularly(self) -> None:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        while True:
            watches = self._sources and time.monotonic() < self._watched_until
            self._written.wait(INTERVAL if watches else None)
            self._written.clear()
            while (left := self._send_if_due()) > 0:
                time.sleep(left)

    def _send_if_due(self) -> float:
        """Send everything, unless text was printed just now; return the time left.

        A `print` writes its text and the end of the line separately.
        """
        with self._lock:
            left = self._due - time.monotonic() if self._waiting else 0.0
            if left <= 0:
                self.send()
            return left


class Source:
    """A captured descriptor, whose bytes are the text of a stream.

    Args:
        stream: The stream.
        descriptor: The descriptor.
    """

    def __init__(self, stream: Stream, descriptor: Descriptor) -> None:
        self.stream = stream
        self.descriptor = descriptor
        self._decoder = getincrementaldecoder("utf-8")("replace")

    def texts(self, *, final: bool) -> Iterator[str]:
        """Yield the text that waits. A character may be split between two calls.

        Args:
            final: Do not wait for the rest of a character; replace it.
        """
        for data in self.descriptor.take():
            yield self._decoder.decode(data)
        if final:
            rest = self._decoder.decode(b"", final=True)
            if rest:
                yield rest


class Stream(io.TextIOBase):
    """The `sys.stdout` or `sys.stderr` of the cells.

    Args:
        raw: The stream of xeus-python, which sends a message for each call of `write`.
        name: "stdout" or "stderr".
        outbox: The outbox that collects the text.

    Attributes:
        process: The process's own stream, for example `sys.__stdout__`, or None.
    """

    encoding = "utf-8"
    errors = "backslashreplace"
    mode = "w"
    line_buffering = False
    write_through = False

    def __init__(self, raw: Any, name: str, outbox: Outbox) -> None:
        self.name = f"<{name}>"
        self._raw = raw
        self.process = getattr(sys, f"__{name}__")
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
        """Send the text that was printed, or write it in a process that was forked."""
        self._outbox.flush(self)

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of the process's own stream.

        Raises:
            OSError: If the process has no such stream.
        """
        if self.process is None:
            raise io.UnsupportedOperation("fileno")
        return int(self.process.fileno())

    def close(self) -> None:
        """Send the printed text; the stream stays open for other cells."""
        self.flush()

    def publish(self, text: str) -> None:
        """Send a string to the front end, for the request of the context."""
        self._raw.write(text.encode("utf-8", self.errors).decode("utf-8"))

    def write_to_process(self, text: str) -> None:
        """Write a string to the process's own stream."""
        if self.process is not None:
            with suppress(OSError, ValueError):  # a cell or the server has closed it
                self.process.write(text)

    def flush_process(self) -> None:
        """Write the text that the process's own stream has kept."""
        if self.process is not None:
            with suppress(OSError, ValueError):  # a cell has closed it
                self.process.flush()


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
