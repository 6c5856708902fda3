"""Widgets come back after a reload of the page, and answer the message they got.

With xeus-python a reloaded page waits for its widgets in vain. It opens a comm of
its own and asks on it for all of them; the C++ cannot hand such a comm to Python,
and says nothing. After some seconds the page asks each widget for itself, but does
not know the answers for such: they claim to answer the last cell. And a widget that
was closed, which xeus-python goes on listing, never answers.

So a page that opens a comm is told at once that this is not to be had, whereupon
it asks each widget; what a widget does on a message answers that message; and a
comm that was closed is forgotten.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import os
import sys
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from datalab_kernel.repairs import streams
from datalab_kernel.xeus import cells, loopback, registry, sockets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType

    from xeus_python_shell.shell import XPythonShell

    from datalab_kernel.xeus.loopback import Loopback

    Callback = Callable[[Any], Any]

# How many messages may be handled within one another's wait. A page sends the next
# message of a widget when the one before it was handled: more widgets are seldom moved.
DEPTH = 16

log = logging.getLogger(__name__)

_manager: CommManager | None = None


def install(shell: XPythonShell) -> None:
    """Put comms that are written here in the place of xeus-python's.

    Raises:
        NotApplicable: If this xeus-python has other comms, or has no need, or the
            kernel has no connection file.
    """
    global _manager
    module = sys.modules.get("comm")
    if type(getattr(module, "Comm", None)).__module__ != sockets.NATIVE:
        raise registry.NotApplicable("the module comm is not xeus-python's")
    if not cells.are_tasks(shell):
        raise registry.NotApplicable("this xeus-python lets the front end open comms")
    assert module is not None
    _manager = CommManager(shell, module, loopback.install(shell))
    for name, ours in {
        "Comm": Comm,
        "CommManager": get_comm_manager,  # there is but one
        "create_comm": Comm,
        "get_comm_manager": get_comm_manager,
    }.items():
        setattr(module, name, ours)


def finish() -> None:
    """Send nothing any more: there is nobody left to send it."""
    if _manager is not None:
        _manager.disconnect()


def get_comm_manager() -> CommManager:
    """Return what knows all comms of the kernel."""
    assert _manager is not None
    return _manager


class Comm:
    """The kernel's end of a channel to an object in the front end.

    It is opened with xeus-python's comm, which chooses the id; `comm_id`, and what
    else other kernels take, is ignored.
    """

    def __init__(
        self,
        target_name: str = "",
        data: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[Any] | None = None,
        **_options: Any,
    ) -> None:
        self.target_name = target_name
        self._manager = get_comm_manager()
        self._on_message: Callback | None = None
        self._on_close: Callback | None = None
        # One that fails on opening stays listed by an address that is no more.
        content = _plain({"data": data or {}, "metadata": metadata or {}})
        opened = partial(self._manager.raw_comm, target_name)
        self._raw = _send(opened, content["data"], content["metadata"], buffers)
        self.comm_id: str = self._raw.comm_id
        self._manager.add(self, self._raw)

    @property
    def kernel(self) -> Any:
        """The kernel, as `get_ipython().kernel`."""
        return self._manager.shell.kernel

    def send(
        self,
        data: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[Any] | None = None,
    ) -> None:
        """Send a message, after all that was printed before; none once closed."""
        if self._raw is not None and self._manager.connected:
            _send(self._raw.send, data, metadata, buffers)

    def close(
        self,
        data: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[Any] | None = None,
        **_options: Any,
    ) -> None:
        """Close both ends. Doing it again is harmless."""
        if self._raw is not None and self._manager.connected:
            _send(self._raw.close, data, metadata, buffers)
            self._manager.unregister_comm(self)

    def on_msg(self, callback: Callback | None) -> None:
        """Call a function with each message that comes."""
        self._on_message = callback

    def on_close(self, callback: Callback | None) -> None:
        """Call a function with the message that the front end closes the comm by."""
        self._on_close = callback

    def handle_msg(self, message: Any) -> None:
        """Do what was asked for by `on_msg`."""
        if self._on_message is not None:
            self._on_message(message)

    def handle_close(self, message: Any) -> None:
        """Do what was asked for by `on_close`."""
        if self._on_close is not None:
            self._on_close(message)

    def detach(self) -> Any:
        """Give xeus-python's comm away."""
        raw, self._raw = self._raw, None
        return raw


class CommManager:
    """Knows all comms, and lets one message at a time be handled."""

    def __init__(self, shell: XPythonShell, module: ModuleType, link: Loopback) -> None:
        self.shell = shell
        self.raw_comm = module.Comm
        self._raw_manager = module.CommManager()
        self.comms: dict[str, Comm] = {}
        self.targets: dict[str, Callable[..., Any]] = {}
        self.connected = True
        self._loopback: Loopback | None = link
        self._closed: dict[str, Any] = {}
        self._inbox: deque[tuple[Callback, Any]] = deque()
        self._current: tuple[Callback, Any] = (id, None)
        self._token: str | None = None  # of the current message, until it is handled
        self._running = False
        self._received = self._handled = self._depth = 0
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.disconnect)

    def disconnect(self) -> None:
        """Send nothing any more, nor close what is the parent's, in a fork."""
        self.connected = False

    def register_target(self, target_name: str, callback: Callable[..., Any]) -> None:
        """Say what to call when the front end opens a comm.

        xeus-python 0.19 cannot call it, and if it knows the target does not even
        answer the front end. It is not told, so that it declines.
        """
        self.targets[target_name] = callback
        if not _comms_cannot_be_opened():
            self._raw_manager.register_target(target_name, callback)

    def unregister_target(
        self, target_name: str, _callback: Callable[..., Any]
    ) -> Callable[..., Any]:
        """Forget a target; return what was to be called."""
        return self.targets.pop(target_name)

    def register_comm(self, comm: Comm) -> str:
        """Return a comm's id; it has been registered since it was opened."""
        return comm.comm_id

    def get_comm(self, comm_id: str) -> Comm | None:
        """Return the open comm with an id, if there is one."""
        return self.comms.get(comm_id)

    def unregister_comm(self, comm: Comm) -> None:
        """Forget a comm.

        xeus-python forgets one only when the front end closes it. If just the
        object went, its address might stay, and be followed by the next listing.
        """
        raw = comm.detach()
        if self.comms.pop(comm.comm_id, None) is None:
            return
        self._closed[comm.comm_id] = raw
        if self._loopback is not None:
            content = {"comm_id": comm.comm_id, "data": {}}
            try:
                self._loopback.send("comm_close", content)
            except OSError as error:
                self._do_without_loopback(error)

    def add(self, comm: Comm, raw: Any) -> None:
        """Keep a comm until it is closed, and pass it what comes."""
        self.comms[comm.comm_id] = comm
        # By its id: a reference that only C++ sees would keep it for ever.
        raw.on_msg(partial(self._receive, comm.comm_id))
        raw.on_close(partial(self._receive_close, comm.comm_id))

    def _receive(self, comm_id: str, message: Any) -> None:
        comm = self.comms.get(comm_id)
        if comm is not None:
            self._handle_in_turn(comm.handle_msg, message)

    def _receive_close(self, comm_id: str, message: Any) -> None:
        comm = self.comms.pop(comm_id, None)
        raw = self._closed.pop(comm_id, None) if comm is None else comm.detach()
        # It is what calls this, and must not go before that is done.
        asyncio.get_running_loop().call_soon(lambda _kept: None, raw)
        if comm is not None:
            self._handle_in_turn(comm.handle_close, message)

    def _handle_in_turn(self, handler: Callback, message: Any) -> None:
        """Have a message handled, after those that came before.

        Others come while one waits for its context. Each is handled before its call
        returns: xeus-python then tells the front end that it was, and the front end
        listens no more.
        """
        self._received += 1
        number = self._received
        self._inbox.append((handler, message))
        if self._running or self._depth == DEPTH:
            return  # the first call will see to it
        self._depth += 1
        try:
            while self._handled < (number if self._depth > 1 else self._received):
                self._go_on()
        finally:
            self._depth -= 1

    def _go_on(self) -> None:
        """Begin with the next message, or wait for the one that was begun."""
        if self._token is None:
            self._current = self._inbox.popleft()
        try:
            if self._loopback is None:
                self._handle()
            elif self._token is None:
                header = self._current[1]["header"]
                self._token = self._loopback.begin(header, self._handle)
            else:
                self._loopback.wait(self._token)
        except OSError as error:
            self._do_without_loopback(error)
            self._handle()

    def _handle(self) -> None:
        """Handle the message that was begun with."""
        self._token, self._running = None, True
        handler, message = self._current
        try:
            handler(message)
        except (Exception, asyncio.CancelledError, SystemExit):
            log.exception("a widget, or another comm, failed on a message to it")
        finally:
            self._running = False
            self._handled += 1
        streams.send()

    def _do_without_loopback(self, error: OSError) -> None:
        self._loopback = None
        registry.stand_aside("comms", f"{type(error).__name__}: {error}")


def _send(
    function: Callable[..., Any],
    data: Mapping[str, Any] | None,
    metadata: Mapping[str, Any] | None,
    buffers: Sequence[Any] | None,
) -> Any:
    """Call one of xeus-python's functions that send, with what it can send."""
    streams.send()
    content = {"data": data or {}, "metadata": metadata or {}}
    views = [memoryview(buffer) for buffer in buffers or []]
    try:
        return function(**content, buffers=views)
    except RuntimeError:  # of a type that it does not know
        return function(**_plain(content), buffers=views)


def _plain(content: Mapping[str, Any]) -> Any:
    """Return a message's content in the types that JSON has.

    Raises:
        TypeError: If there is something that has no such form.
        UnicodeEncodeError: If there is half a surrogate pair.
    """
    encoded = json.dumps(content, default=_to_plain, ensure_ascii=False).encode()
    return json.loads(encoded)


def _to_plain(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return value.isoformat()
    if hasattr(value, "tolist"):  # a scalar of NumPy, or an array
        return value.tolist()
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError(f"a comm cannot send an object of type {type(value).__name__}")


def _comms_cannot_be_opened() -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        installed = version("xeus-python")
    except PackageNotFoundError:  # as conda-forge has it
        return True
    return installed.startswith("0.19.")
