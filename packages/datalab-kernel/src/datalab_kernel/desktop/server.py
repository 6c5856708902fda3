"""The Jupyter server that a DataLab window uses.

The window is attached by a request to the server that stays open. The server sees when
it closes, and continues. The window sees in the same way when the server ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from datalab_kernel.desktop.connection import Variables
from datalab_kernel.desktop.launch import Launch, last_lines, reason
from datalab_kernel.desktop.record import Record
from datalab_kernel.desktop.rest import GoneError, RefusedError, Rest
from datalab_workspace.live.transport.token import Token

#: Seconds within which the server must answer a request to stop.
_STOP = 2.0
#: Seconds within which the end of the server is noticed after a request has failed.
_END = 2.0

OnAnswer: TypeAlias = "Callable[[Server, dict[str, Any]], None]"


class Server:
    """A Jupyter server, which is attached at once and opens notebooks on request.

    Args:
        source: The process that becomes the server, or the address of one that runs.
        variables: The environment variables of kernels that start from now on.
        on_answer: A function that threads call with this object and each answer of the
            server: ``{"notebooks": paths, "others": number, "folder": path}`` when it
            is attached, and after each start or end of a kernel;
            ``{"opened": name, "needs_token": bool}``, ``{"failed": reason}`` or
            ``{"refused": reason}``; at its end with ``{"ended": exit code or None,
            "asked": bool, "reason": string, "lines": its last output}``.
    """

    def __init__(
        self, source: Launch | Record, variables: Variables, on_answer: OnAnswer
    ) -> None:
        self._source = source
        #: The secrets that the server's output must not show.
        self._hidden = [source.token]
        self._on_answer = on_answer
        self._asked = self._left = False
        self._rest: Rest | None = None
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._hide(variables)
        self._in_thread(self._attach, variables)

    @property
    def runs(self) -> bool:
        """Whether it is running and was not asked to stop."""
        return not self._asked and not self._ended.is_set()

    @property
    def adopted(self) -> bool:
        """Whether another window started it."""
        return not isinstance(self._source, Launch)

    def open(self, variables: Variables, *, new: bool, file: Path | None) -> None:
        """Request a page in the user's browser.

        Args:
            variables: The environment variables of kernels that start from now on.
            new: Open a new notebook.
            file: The notebook to open; None for JupyterLab's first page.

        Raises:
            ValueError: If the server was asked to stop.
        """
        if self._asked:
            raise ValueError("this Jupyter server was asked to stop; start another one")
        self._hide(variables)
        request = {"environment": variables, "new": new, "file": file and str(file)}
        self._in_thread(self._open, request)

    def stop(self) -> None:
        """Request the end of the server and its kernels, without waiting for it."""
        self._asked = True
        self._in_thread(self._stop)

    def leave(self, *, stop: bool) -> None:
        """Detach the window, and pass on no answers from now on.

        Args:
            stop: Also stop the server and its kernels. The server has the request when
                this returns.
        """
        self._left = True
        if stop:
            self._asked = True
            self._stop(detach=True)
        if self._rest is not None:
            self._rest.close()

    def _attach(self, variables: Variables) -> None:
        found = (
            self._source.record() if isinstance(self._source, Launch) else self._source
        )
        if found is not None:
            self._rest = Rest(found.url, found.token)
            self._ready.set()
            try:
                while not self._left and self._has_attached(self._rest, variables):
                    pass  # the connection ended, and the server may continue
            except RefusedError as error:
                self._ended.set()
                self._answer({"refused": str(error)})
                return
        if not self._left:
            self._end(started=found is not None)

    def _has_attached(self, rest: Rest, variables: Variables) -> bool:
        """Attach until the connection ends; return whether there was a server."""
        try:
            for line in rest.lines("window", {"environment": variables}):
                self._answer(line)
        except RefusedError:
            raise
        except ConnectionError as error:
            return not isinstance(error, GoneError)
        return True

    def _end(self, *, started: bool) -> None:
        code = self._source.exit_code() if isinstance(self._source, Launch) else None
        self._ended.set()
        self._ready.set()
        lines = [self._without_secrets(line) for line in last_lines(self._source.log)]
        with suppress(OSError):  # Windows removes no open file
            self._source.log.unlink(missing_ok=True)
        self._answer(
            {
                "ended": code,
                "asked": self._asked,
                "reason": "" if started else reason(lines),
                "lines": lines,
            }
        )

    def _open(self, request: dict[str, Any]) -> None:
        self._ready.wait()
        if self._rest is None:  # it has ended, which `_attach` reports
            return
        try:
            answer = self._rest.ask("POST", "open", request)
        except ConnectionError as error:
            # If the server has ended, `_attach` reports it.
            if not self._ended.wait(_END):
                self._answer({"failed": str(error)})
        else:
            self._answer(answer)

    def _stop(self, *, detach: bool = False) -> None:
        if self._rest is None:
            if isinstance(self._source, Launch):
                self._source.end()
            return
        request = {"left_over": False, "detach": detach}
        try:
            self._rest.ask("POST", "stop", request, within=_STOP)
        except ConnectionError as error:
            if not self._ended.is_set():
                self._answer({"failed": str(error)})

    def _hide(self, variables: Variables) -> None:
        for value in variables.values():
            if isinstance(value, Token) and value not in self._hidden:
                self._hidden.append(value)

    def _without_secrets(self, line: str) -> str:
        for token in self._hidden:
            line = token.redact(line)
        return line.rstrip()

    def _answer(self, answer: dict[str, Any]) -> None:
        if not self._left:
            self._on_answer(self, answer)

    def _in_thread(self, function: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=function, args=arguments, daemon=True).start()
