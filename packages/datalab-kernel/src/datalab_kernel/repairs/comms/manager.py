"""The kernel's comms and their manager, as the package `comm` defines them."""

from __future__ import annotations

from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from comm.base_comm import BaseComm
from comm.base_comm import CommManager as BaseCommManager

from datalab_kernel.repairs import comms
from datalab_kernel.repairs.comms.inbox import Inbox
from datalab_kernel.repairs.comms.native import NativeComms
from datalab_kernel.xeus import cells

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xeus_python_shell.shell import XPythonShell

    from datalab_kernel.xeus.loopback import Loopback


class Comm(BaseComm):
    """The kernel's end of a channel to an object in the front end.

    The front end does not receive `target_module`: xeus-python cannot send it.
    """

    @property
    def kernel(self) -> Any:
        """The kernel, as `get_ipython().kernel`."""
        return comms.get_comm_manager().shell.kernel

    def publish_msg(
        self,
        msg_type: str,
        data: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[Any] | None = None,
        **keys: Any,
    ) -> None:
        """Send a message after everything printed before."""
        comms.get_comm_manager().publish(
            self, msg_type, data, metadata, buffers, **keys
        )


class CommManager(BaseCommManager):
    """The list of all comms, which sends and receives their messages.

    Args:
        shell: The shell.
        native: xeus-python's module of comms.
        link: The connection of the kernel to itself, if it has one.
    """

    def __init__(self, shell: XPythonShell, native: Any, link: Loopback | None) -> None:
        super().__init__()
        self.shell = shell
        self.connected = True
        self._can_be_opened = _front_end_can_open_comms(shell)
        self._native_manager = native.CommManager()
        self._native_targets: set[str] = set()
        # At the end, xeus-python releases this method without the interpreter's lock.
        self._accept_kept = self._accept
        self._inbox = Inbox(shell, link)
        self._native = NativeComms(
            native.Comm, self._inbox, self._receive, self._receive_close
        )

    def disconnect(self) -> None:
        """Send nothing from now on."""
        self.connected = False

    def register_target(
        self, target_name: str, f: Callable[[BaseComm, Any], Any] | str
    ) -> None:
        """Set the function to call when the front end opens a comm.

        xeus-python 0.19 cannot call it, and does not even answer the front end if it
        knows the target. So the target is not passed on to xeus-python, which then
        refuses the comm.
        """
        super().register_target(target_name, f)
        self._register_native(target_name)

    def _register_native(self, target_name: str) -> None:
        if self._can_be_opened and target_name not in self._native_targets:
            self._native_targets.add(target_name)
            self._native_manager.register_target(target_name, self._accept_kept)

    def _accept(self, native: Any, message: Any) -> None:
        """Open the kernel's end of a comm that the front end has opened."""
        self._native.accept(native)
        stream: Any = None  # `comm` uses none
        self._inbox.handle_in_turn(partial(self.comm_open, stream, ""), message)

    def publish(
        self,
        comm: BaseComm,
        msg_type: str,
        data: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[Any] | None = None,
        **keys: Any,
    ) -> None:
        """Send a message of a comm, which may be of any subclass of `BaseComm`.

        A comm that is closed, or replaced by another one with its ID, sends nothing.

        Raises:
            RuntimeError: If the kernel has not opened the comm.
            TypeError: If a value has no form that JSON can hold.
        """
        comm_id = comm.comm_id
        if not self.connected or self.comms.get(comm_id, comm) is not comm:
            return
        content = {"data": data or {}, "metadata": metadata or {}}
        if msg_type == "comm_open":
            # xeus-python 0.17 crashes if it does not know the target.
            self._register_native(keys["target_name"])
            given = self._native.open(comm_id, keys["target_name"], content, buffers)
            if given != comm_id:  # this xeus-python chooses the ID
                self.comms[given] = self.comms.pop(comm_id)
                comm.comm_id = given
        elif comm_id in self._native:
            self._native.send(msg_type, comm_id, content, buffers)
        elif not comm._closed:  # noqa: SLF001  # for subclasses of `BaseComm`
            raise RuntimeError(
                f"the comm {comm_id!r} cannot send messages: xeus-python sends only "
                "through comms that the kernel has opened; create it with primary=True"
            )

    def _receive(self, comm_id: str, message: Any) -> None:
        comm = self.comms.get(comm_id)
        if comm is not None:
            self._inbox.handle_in_turn(comm.handle_msg, message)

    def _receive_close(self, comm_id: str, message: Any) -> None:
        comm = self.comms.pop(comm_id, None)
        if comm is not None:
            comm._closed = True  # noqa: SLF001  # as the manager of `comm` does
            self._inbox.handle_in_turn(comm.handle_close, message)


def _front_end_can_open_comms(shell: XPythonShell) -> bool:
    if not cells.run_as_tasks(shell):  # up to xeus-python 0.17
        return True
    try:
        return not version("xeus-python").startswith("0.19.")
    except PackageNotFoundError:  # conda-forge's package has no metadata
        return False
