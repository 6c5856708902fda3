"""The object that xeus-python's C++ code calls in place of the shell.

xeus-python expects a shell whose methods have other signatures than IPython's. So the
shell keeps IPython's methods, and this object has xeus-python's: up to version 0.17,
xeus-python calls `run_cell`, which returns when the cell has finished. Later versions
call `run_cell_async` with a function that sends the reply.

Everything that C++ code reads here is valid JSON, because a value that it cannot
convert makes it lose the reply. Two things that a reply could have are out of reach:
the types of completions (docs/upstream/completion_types.md) and the metadata of the
request (docs/upstream/request_metadata.md).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from datalab_kernel.shell import reply
from datalab_kernel.shell.kernel import Kernel
from datalab_kernel.shell.queue import Queue
from datalab_kernel.shell.safe_json import plain, safe_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from datalab_kernel.shell.interactive import ZMQInteractiveShell
    from datalab_kernel.shell.reply import Failure

log = logging.getLogger(__name__)


class Endpoint:
    """The shell as xeus-python sees it.

    Attributes that are not defined here are those of the shell.

    Args:
        shell: The shell that runs the cells.
    """

    def __init__(self, shell: ZMQInteractiveShell) -> None:
        self.shell = shell
        self.queue = Queue(shell, self)
        self.payload_manager = Payloads(shell)
        # Set by this object, and by xeus-python when a request arrives. xeus-python
        # reads it when it sends a reply.
        self.last_error: list[Any] | None = None
        self._begin: list[Callable[[], None]] = []
        self._end: list[Callable[[], None]] = []
        self._prefix: str | None = None
        self._take: Callable[[str], None]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shell, name)

    @property
    def kernel(self) -> Any:
        """The kernel, as `get_ipython().kernel`."""
        return self.shell.kernel

    @kernel.setter
    def kernel(self, raw: Any) -> None:
        self.shell.kernel = Kernel(self.shell, raw)

    def wrap_each(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        """Call `begin` when a cell arrives, and `end` before it is answered.

        `end` is called even if the cell fails. Of several functions, the last `begin`
        and the last `end` are called first.
        """
        self._begin.insert(0, begin)
        self._end.insert(0, end)

    def take_requests(self, prefix: str, take: Callable[[str], None]) -> None:
        """Pass the requests whose code begins with a prefix to a function.

        They are not run as cells: the kernel sends them to itself.
        """
        self._prefix, self._take = prefix, take

    def set_failure(self, failure: Failure | None) -> None:
        """Set the error of the reply that is sent next; None if there is none."""
        self.last_error = None if failure is None else failure.as_list()

    def end_cell(self) -> None:
        """Do what was requested for the end of each cell."""
        for end in self._end:
            end()

    def run_cell_async(
        self,
        raw_cell: str,
        done_callback: Callable[[], None],
        silent: bool = False,
        **options: Any,
    ) -> None:
        """Receive a cell; `done_callback` sends its reply.

        The kernel's own requests get no reply: no client waits for one, and xeus-python
        would build it from the state of a cell that may be running. The callback that
        would send it is released first. Otherwise the traceback of an error could keep
        this frame and the callback alive until the garbage collector frees them.
        xeus-python then publishes a message from whichever frame happens to be running.
        If the builtins of that frame have no `__import__`, as in the code of a named
        tuple, the kernel ends.
        """
        if self._prefix is not None and raw_cell.startswith(self._prefix):
            del done_callback
            self._take(raw_cell)
            return
        for begin in self._begin:
            begin()
        self.queue.put(raw_cell, done_callback, bool(silent), options)

    def run_cell(self, raw_cell: str, *args: Any, **options: Any) -> None:
        """Run a cell; the reply is sent when this method returns."""
        for begin in self._begin:
            begin()
        failure = None
        try:
            with self.shell.reporting() as reports:
                result = self.shell.run_cell(raw_cell, *args, **options)
            failure = reply.failure_of(result, reports)
        finally:
            self.end_cell()
            self.set_failure(failure)

    def complete_code(self, code: str, cursor_pos: int) -> tuple[list[str], int, int]:
        """Return the completions at a position, and the range that they replace."""
        try:
            matches, start, end = self.shell.complete_code(code, cursor_pos)
        except Exception:
            log.exception("a completion failed")
            return [], cursor_pos, cursor_pos
        return [safe_text(match) for match in matches], start, end

    def object_inspect_mime(self, name: str, *args: Any, **options: Any) -> Any:
        """Return the description of an object, by MIME type.

        Raises:
            KeyError: If there is no such object, or it cannot be described.
        """
        try:
            return plain(self.shell.object_inspect_mime(name, *args, **options))
        except KeyError:
            raise
        except Exception as error:
            log.exception("the inspection of %r failed", name)
            raise KeyError(name) from error

    def user_expressions(self, expressions: Mapping[str, str]) -> Any:
        """Return the values of expressions, or their errors."""
        return plain(self.shell.user_expressions(expressions))


class Payloads:
    """The payloads of a reply, such as the text of a pager."""

    def __init__(self, shell: ZMQInteractiveShell) -> None:
        self._shell = shell

    def read_payload(self) -> Any:
        """Return the payloads."""
        return plain(self._shell.payload_manager.read_payload())

    def clear_payload(self) -> None:
        """Remove the payloads, which the reply has."""
        self._shell.payload_manager.clear_payload()
