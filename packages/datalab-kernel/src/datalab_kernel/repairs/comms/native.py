"""xeus-python's own comms, through which the kernel sends and receives."""

from __future__ import annotations

import ctypes
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from datalab_kernel.repairs import streams
from datalab_kernel.shell.safe_json import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from datalab_kernel.repairs.comms.inbox import Inbox

    Receiver = Callable[[str, Any], None]


class NativeComms:
    """The open comms of xeus-python, by ID.

    Args:
        native_class: xeus-python's class of comms.
        inbox: The inbox, which removes closed comms from xeus-python's list.
        receive: A function to call with the ID and each message of a comm.
        receive_close: A function to call when the front end closes a comm.
    """

    def __init__(
        self,
        native_class: Any,
        inbox: Inbox,
        receive: Receiver,
        receive_close: Receiver,
    ) -> None:
        self._class = native_class
        self._inbox = inbox
        self._receive = receive
        self._receive_close = receive_close
        self._open: dict[str, Any] = {}
        self._closed: dict[str, Any] = {}
        self._replaced: dict[str, list[Any]] = {}  # by one with the same ID
        self._finished: list[tuple[str, Any]] = []

    def __contains__(self, comm_id: str) -> bool:
        return comm_id in self._open

    def open(
        self,
        comm_id: str,
        target_name: str,
        content: Mapping[str, Any],
        buffers: Sequence[Any] | None,
    ) -> str:
        """Open a comm; return its ID, which only some versions let the caller choose.

        Raises:
            TypeError: If a value has no form that JSON can hold.
        """
        # The content is converted first: a comm that fails while it opens stays in the
        # list with an invalid address.
        content, views = plain(content), _views(buffers)
        if comm_id in self._open:
            self._remove(comm_id)
        if comm_id in self._closed and _is_main_thread():
            self._inbox.catch_up()  # or its removal would remove the new comm
        if comm_id in self._closed:  # it cannot be removed
            self._replaced.setdefault(comm_id, []).append(self._closed.pop(comm_id))
        self._release()
        streams.send()
        native = _create(
            self._class, target_name, content["data"], content["metadata"], views,
            comm_id=comm_id,
        )  # fmt: skip
        self.accept(native)
        return str(native.comm_id)

    def accept(self, native: Any) -> None:
        """Pass on the messages of an open comm, until it is closed."""
        comm_id = native.comm_id
        self._open[comm_id] = native
        # The callbacks hold the comm's ID: a reference that only C++ code sees would
        # keep the comm forever.
        native.on_msg(partial(self._receive, comm_id))
        native.on_close(partial(self._close, comm_id))

    def send(
        self,
        msg_type: str,
        comm_id: str,
        content: Mapping[str, Any],
        buffers: Sequence[Any] | None,
    ) -> None:
        """Send a message through an open comm, or close it by one."""
        native = self._open[comm_id]
        content, views = plain(content), _views(buffers)
        streams.send()
        if msg_type == "comm_close":
            native.close(**content, buffers=views)
            self._remove(comm_id)
        else:
            native.send(**content, buffers=views)

    def _remove(self, comm_id: str) -> None:
        """Remove a comm that the kernel has closed.

        xeus-python removes a comm only when the front end closes it. If only the object
        were released, its address could stay in the list, and the next listing would
        follow it.
        """
        self._release()
        self._closed[comm_id] = self._open.pop(comm_id)
        self._inbox.send("comm_close", {"comm_id": comm_id, "data": {}})

    def _close(self, comm_id: str, message: Any) -> None:
        native = self._closed.pop(comm_id, None)
        try:
            if native is None:
                native = self._open.pop(comm_id, None)
                self._receive_close(comm_id, message)
        finally:
            # It calls this function, and must not be destroyed before it returns.
            self._finished.append((comm_id, native))

    def _release(self) -> None:
        """Release comms that are closed, unless that might remove an open one.

        When one of xeus-python's comms is destroyed, it may remove its ID from the list
        of comms, even if the ID belongs to another comm by then.
        """
        while self._finished:
            comm_id, native = self._finished.pop()
            if comm_id in self._open:
                self._replaced.setdefault(comm_id, []).append(native)
            else:
                self._replaced.pop(comm_id, None)


class _Options(dict[str, Any]):
    """Options of a comm which xeus-python 0.19 recognises.

    It looks for the ID of a comm among the attributes of the dictionary, where no
    ordinary dictionary has it, and then reads it from the items.
    """

    comm_id = ""


def _create(native_class: Any, *args: Any, **options: Any) -> Any:
    """Create one of xeus-python's comms, which opens it."""
    # Python would pass an ordinary dictionary; its C interface passes ours.
    call = ctypes.pythonapi["PyObject_Call"]
    call.argtypes, call.restype = [ctypes.py_object] * 3, ctypes.py_object
    comm = native_class.__new__(native_class)
    call(native_class.__init__, (comm, *args), _Options(options))
    return comm


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _views(buffers: Sequence[Any] | None) -> list[memoryview]:
    return [memoryview(buffer) for buffer in buffers or []]
