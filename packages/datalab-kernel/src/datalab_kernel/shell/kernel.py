"""The kernel as libraries find it, at `get_ipython().kernel`.

Libraries use attributes of ipykernel's kernel. Those that have a meaning here do what
they do there. The session sends the kinds of messages that xeus-python can send.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Any

from datalab_kernel.shell.safe_json import plain
from datalab_kernel.xeus import request_context, sockets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalab_kernel.shell.interactive import ZMQInteractiveShell

IMPLEMENTATION = "xeus-python"


class Kernel:
    """The attributes of a kernel that libraries use.

    Args:
        shell: The shell of the kernel.
        raw: xeus-python's own object.
    """

    implementation = IMPLEMENTATION
    language = "python"
    eventloop: Any = None

    def __init__(self, shell: ZMQInteractiveShell, raw: Any) -> None:
        self.shell = shell
        self.session = Session(shell)
        self.iopub_socket = self.iopub_thread = self.session.iopub
        self.log = logging.getLogger("datalab_kernel")
        self._raw = raw

    @property
    def parent(self) -> Any:
        """The application."""
        return self.shell.parent

    @property
    def user_ns(self) -> dict[str, Any]:
        """The notebook's namespace."""
        return self.shell.user_ns  # type: ignore[no-any-return]  # IPython has no types

    @property
    def execution_count(self) -> int:
        """The number of the cell that runs, or of the next one."""
        return int(self.shell.execution_count)

    @property
    def comm_manager(self) -> Any:
        """The manager of the comms."""
        import comm

        return comm.get_comm_manager()

    @comm_manager.setter
    def comm_manager(self, manager: Any) -> None:
        # xeus-python sets its own. It has to be known to C++ only.
        self._raw.comm_manager = manager

    @property
    def io_loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that runs the cells."""
        return asyncio.get_event_loop()

    @property
    def _parent_header(self) -> dict[str, Any]:
        return self.get_parent()

    def get_parent(self, channel: str | None = None) -> dict[str, Any]:  # noqa: ARG002
        """Return the request whose code is running: a message with its header."""
        return request_context.parent()

    def set_parent(
        self,
        ident: Any,  # noqa: ARG002
        parent: Mapping[str, Any],
        channel: str = "shell",  # noqa: ARG002
    ) -> None:
        """Link the later output of the calling thread or task to an earlier request."""
        request_context.adopt(parent)

    def send_response(
        self, stream: Any, kind: str, content: Mapping[str, Any], **_options: Any
    ) -> None:
        """Send a message to all front ends, as `Session.send` does."""
        self.session.send(stream, kind, content)

    async def do_one_iteration(self) -> None:
        """Read the requests that have arrived, and run what is ready."""
        for _, read in sockets.readers():
            read()
        await asyncio.sleep(0)


class Session:
    """The sender of messages that libraries use as `kernel.session`."""

    def __init__(self, shell: ZMQInteractiveShell) -> None:
        self._shell = shell
        self.iopub = object()  # stands for the socket, which only C++ code has

    @property
    def session(self) -> str:
        """The ID of the front end's session."""
        return str(request_context.header().get("session", ""))

    def msg(
        self,
        msg_type: str,
        content: Mapping[str, Any] | None = None,
        parent: Mapping[str, Any] | None = None,
        **_options: Any,
    ) -> dict[str, Any]:
        """Return a message of a type, which is not sent."""
        header = {"msg_type": msg_type, "session": self.session}
        return {
            "header": header,
            "msg_type": msg_type,
            "parent_header": dict(request_context.header_of(parent or {})),
            "metadata": {},
            "content": dict(content or {}),
            "buffers": [],
        }

    def send(
        self,
        stream: Any,  # noqa: ARG002
        msg_or_type: str | Mapping[str, Any],
        content: Mapping[str, Any] | None = None,
        parent: Mapping[str, Any] | None = None,
        **_options: Any,
    ) -> None:
        """Send a message to all front ends.

        Args:
            stream: Ignored: every message goes to all front ends.
            msg_or_type: "stream", "execute_result", "display_data",
                "update_display_data" or "clear_output", or a message of these types.
            content: The content of the message.
            parent: The request that the message answers; the present one by default.

        Raises:
            NotImplementedError: If xeus-python cannot send messages of the type.
        """
        if not isinstance(msg_or_type, str):
            content, parent = msg_or_type["content"], msg_or_type.get("parent_header")
            msg_or_type = str(msg_or_type["header"]["msg_type"])
        with request_context.of(parent or {}):
            self._send(msg_or_type, dict(content or {}))

    def _send(self, kind: str, content: dict[str, Any]) -> None:
        publisher = self._shell.display_pub
        if kind == "stream":
            getattr(sys, content["name"]).write(content["text"])
        elif kind in {"display_data", "update_display_data"}:
            publisher.publish(
                content["data"],
                content.get("metadata"),
                transient=content.get("transient"),
                update=kind == "update_display_data",
            )
        elif kind == "execute_result":
            self._shell.displayhook.publish_execution_result(
                content.get("execution_count", self._shell.execution_count),
                plain(content["data"]),
                plain(content.get("metadata") or {}),
            )
        elif kind == "clear_output":
            publisher.clear_output(wait=content.get("wait", False))
        else:
            raise NotImplementedError(
                f"this kernel cannot send a message of type {kind!r} from Python"
            )
