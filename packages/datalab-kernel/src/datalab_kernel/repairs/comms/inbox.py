"""The messages to comms, which are handled one at a time and in their order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from datalab_kernel.repairs import streams
from datalab_kernel.xeus import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xeus_python_shell.shell import XPythonShell

    from datalab_kernel.xeus.loopback import Loopback

    Handler = Callable[[Any], Any]

# How many messages may be handled within each other's wait. A page sends the next
# message of a widget only after the one before was handled, so more messages come only
# from more widgets.
DEPTH = 16

log = logging.getLogger(__name__)


class Inbox:
    """The messages that wait to be handled, each in the context of its own request.

    Args:
        shell: The shell.
        link: The connection of the kernel to itself, if it has one. Without it, each
            message is handled at once, in whatever context xeus-python has.
    """

    def __init__(self, shell: XPythonShell, link: Loopback | None) -> None:
        self._shell = shell
        self._loopback = link
        self._waiting: deque[tuple[Handler, Any]] = deque()
        self._current: tuple[Handler, Any] = (id, None)
        self._token: str | None = None  # of the current message, until it is handled
        self._running = False
        self._received = self._handled = self._depth = 0

    def send(self, kind: str, content: Mapping[str, Any]) -> None:
        """Send a message to this kernel, if it can reach itself."""
        if self._loopback is not None:
            try:
                self._loopback.send(kind, content)
            except OSError as error:
                self._disable_loopback(error)

    def catch_up(self) -> None:
        """Read every message that this kernel has sent to itself."""
        if self._loopback is not None:
            try:
                self._loopback.catch_up()
            except OSError as error:
                self._disable_loopback(error)

    def handle_in_turn(self, handler: Handler, message: Any) -> None:
        """Handle a message after those that arrived before it.

        Other messages arrive while one waits for its context. Each is handled before
        its call returns: xeus-python then reports to the front end that the message was
        handled, and the front end stops listening.
        """
        self._received += 1
        number = self._received
        self._waiting.append((handler, message))
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
            self._current = self._waiting.popleft()
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
            # `comm` announces each message to IPython, but not the end of one that
            # failed.
            self._shell.events.trigger("post_execute")
        finally:
            self._running = False
            self._handled += 1
        streams.send()

    def _disable_loopback(self, error: OSError) -> None:
        self._loopback = None
        registry.mark_inactive("comms", f"{type(error).__name__}: {error}")
