"""Comms: widgets reappear after a reload of the page and answer the right message.

With xeus-python, widgets do not reappear when the page is reloaded. The page opens a
comm to request the state of all widgets at once. The C++ code cannot pass such a comm
to Python, and sends no answer. After some seconds the page requests the state of each
widget instead. It does not recognise the answers, because their headers name the last
cell and not the page's request. In addition, xeus-python keeps closed widgets in its
list, and these never answer.

With this module, the kernel immediately refuses a comm that the page opens, so that the
page requests the state of each widget without a delay. Whatever a widget sends while it
handles a message is marked as an answer to that message. A closed comm is removed from
the list.

Upstream: docs/upstream/comms.md
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

# How many messages may be handled within each other's wait. A page sends the next
# message of a widget only after the one before was handled, so more messages come only
# from more widgets.
DEPTH = 16

log = logging.getLogger(__name__)

_manager: CommManager | None = None


def install(shell: XPythonShell) -> None:
    """Replace xeus-python's comms by those of this module.

    Raises:
        NotApplicable: If this xeus-python has other comms or needs no repair, or if the
            kernel has no connection file.
    """
    global _manager
    module = sys.modules.get("comm")
    if type(getattr(module, "Comm", None)).__module__ != sockets.NATIVE:
        raise registry.NotApplicable("the module 'comm' is not xeus-python's")
    if not cells.run_as_tasks(shell):
        raise registry.NotApplicable(
            "in this xeus-python, the front end can open comms"
        )
    assert module is not None
    _manager = CommManager(shell, module, loopback.install(shell))
    for name, ours in {
        "Comm": Comm,
        "CommManager": get_comm_manager,  # there is only one
        "create_comm": Comm,
        "get_comm_manager": get_comm_manager,
    }.items():
        setattr(module, name, ours)


def finish() -> None:
    """Send nothing from now on: the front end is no longer there."""
    if _manager is not None:
        _manager.disconnect()


def get_comm_manager() -> CommManager:
    """Return the manager of all comms of the kernel."""
    assert _manager is not None
    return _manager


class Comm:
    """The kernel's end of a channel to an object in the front end.

    xeus-python's own comm opens the channel and chooses its ID. `comm_id` and other
    options that other kernels accept are ignored.
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
        # The content is converted first: a comm that fails while it opens stays in the
        # list with an invalid address.
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
        """Send a message after everything printed before; do nothing once closed."""
        if self._raw is not None and self._manager.connected:
            _send(self._raw.send, data, metadata, buffers)

    def close(
        self,
        data: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[Any] | None = None,
        **_options: Any,
    ) -> None:
        """Close both ends; do nothing if the comm is closed."""
        if self._raw is not None and self._manager.connected:
            _send(self._raw.close, data, metadata, buffers)
            self._manager.unregister_comm(self)

    def on_msg(self, callback: Callback | None) -> None:
        """Call a function with each message that arrives."""
        self._on_message = callback

    def on_close(self, callback: Callback | None) -> None:
        """Call a function with the message by which the front end closes the comm."""
        self._on_close = callback

    def handle_msg(self, message: Any) -> None:
        """Call the function that `on_msg` was given."""
        if self._on_message is not None:
            self._on_message(message)

    def handle_close(self, message: Any) -> None:
        """Call the function that `on_close` was given."""
        if self._on_close is not None:
            self._on_close(message)

    def detach(self) -> Any:
        """Return xeus-python's own comm, and release it."""
        raw, self._raw = self._raw, None
        return raw


class CommManager:
    """The list of all comms, which handles one message at a time."""

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
        """Send nothing from now on; a fork must not close its parent's comms."""
        self.connected = False

    def register_target(self, target_name: str, callback: Callable[..., Any]) -> None:
        """Set the function to call when the front end opens a comm.

        xeus-python 0.19 cannot call it, and does not even answer the front end if it
        knows the target. So the target is not passed on to xeus-python, which then
        refuses the comm.
        """
        self.targets[target_name] = callback
        if not _front_end_cannot_open_comms():
            self._raw_manager.register_target(target_name, callback)

    def unregister_target(
        self, target_name: str, _callback: Callable[..., Any]
    ) -> Callable[..., Any]:
        """Remove a target; return its function."""
        return self.targets.pop(target_name)

    def register_comm(self, comm: Comm) -> str:
        """Return a comm's ID; it has been registered since it was opened."""
        return comm.comm_id

    def get_comm(self, comm_id: str) -> Comm | None:
        """Return the open comm with an ID, or None."""
        return self.comms.get(comm_id)

    def unregister_comm(self, comm: Comm) -> None:
        """Remove a comm.

        xeus-python removes a comm only when the front end closes it. If only the object
        were released, its address could stay in the list, and the next listing would
        follow it.
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
                self._disable_loopback(error)

    def add(self, comm: Comm, raw: Any) -> None:
        """Keep a comm until it is closed, and pass its messages to it."""
        self.comms[comm.comm_id] = comm
        # The callbacks hold the comm's ID: a reference that only C++ code sees would
        # keep the comm forever.
        raw.on_msg(partial(self._receive, comm.comm_id))
        raw.on_close(partial(self._receive_close, comm.comm_id))

    def _receive(self, comm_id: str, message: Any) -> None:
        comm = self.comms.get(comm_id)
        if comm is not None:
            self._handle_in_turn(comm.handle_msg, message)

    def _receive_close(self, comm_id: str, message: Any) -> None:
        comm = self.comms.pop(comm_id, None)
        raw = self._closed.pop(comm_id, None) if comm is None else comm.detach()
        # `raw` calls this function, and must not be destroyed before it returns.
        asyncio.get_running_loop().call_soon(lambda _kept: None, raw)
        if comm is not None:
            self._handle_in_turn(comm.handle_close, message)

    def _handle_in_turn(self, handler: Callback, message: Any) -> None:
        """Handle a message after those that arrived before it.

        Other messages arrive while one waits for its context. Each is handled before
        its call returns: xeus-python then reports to the front end that the message was
        handled, and the front end stops listening.
        """
        self._received += 1
        number = self._received
        self._inbox.append((handler, message))
        if self._running or self._depth == DEPTH:
            return  # the first call handles it
        self._depth += 1
        try:
            while self._handled < (number if self._depth > 1 else self._received):
                self._advance()
        finally:
            self._depth -= 1

    def _advance(self) -> None:
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
            self._disable_loopback(error)
            self._handle()

    def _handle(self) -> None:
        """Handle the message that was begun."""
        self._token, self._running = None, True
        handler, message = self._current
        try:
            handler(message)
        except (Exception, asyncio.CancelledError, SystemExit):
            log.exception("a widget or another comm failed to handle a message")
        finally:
            self._running = False
            self._handled += 1
        streams.send()

    def _disable_loopback(self, error: OSError) -> None:
        self._loopback = None
        registry.mark_inactive("comms", f"{type(error).__name__}: {error}")


def _send(
    function: Callable[..., Any],
    data: Mapping[str, Any] | None,
    metadata: Mapping[str, Any] | None,
    buffers: Sequence[Any] | None,
) -> Any:
    """Call one of xeus-python's sending functions with types that it supports."""
    streams.send()
    content = {"data": data or {}, "metadata": metadata or {}}
    views = [memoryview(buffer) for buffer in buffers or []]
    try:
        return function(**content, buffers=views)
    except RuntimeError:  # a value has a type that it does not support
        return function(**_plain(content), buffers=views)


def _plain(content: Mapping[str, Any]) -> Any:
    """Return the content of a message in the types that JSON has.

    Raises:
        TypeError: If a value has no such form.
        UnicodeEncodeError: If a string contains half of a surrogate pair.
    """
    encoded = json.dumps(content, default=_to_plain, ensure_ascii=False).encode()
    return json.loads(encoded)


def _to_plain(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return value.isoformat()
    if hasattr(value, "tolist"):  # a scalar or array of NumPy
        return value.tolist()
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError(f"a comm cannot send an object of type {type(value).__name__}")


def _front_end_cannot_open_comms() -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        installed = version("xeus-python")
    except PackageNotFoundError:  # conda-forge's package has no metadata
        return True
    return installed.startswith("0.19.")
