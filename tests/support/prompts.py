"""A front end whose user answers what the kernel asks for."""

from __future__ import annotations

import re
import time
from queue import Empty
from typing import Any

import psutil

PATIENCE = 30.0
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Prompting:
    """Runs one cell, and answers its prompts.

    Args:
        kernel: The kernel.
        code: The cell.
        allow_stdin: Whether the front end takes input.
    """

    def __init__(self, kernel, code: str, *, allow_stdin: bool = True) -> None:
        self.kernel = kernel
        self.client = kernel.client
        self.client.allow_stdin = allow_stdin
        self.request = self.client.execute(code, stop_on_error=False)
        self.seen = ""
        self.errors: list[str] = []
        self.idle = False
        self.deadline = time.monotonic() + PATIENCE

    def prompt(self, showing: str = "") -> dict[str, Any]:
        """Wait until the cell has shown a text and asks for input.

        Returns:
            The content of the request, and what was `shown` before it.
        """
        request = None
        while request is None or showing not in self.seen:
            try:
                request = request or self.client.get_stdin_msg(timeout=0.05)["content"]
            except Empty:
                assert not self.idle, f"the cell ended without a prompt: {self.seen}"
            self._read(f"no prompt with {showing!r}")
        shown, self.seen = self.seen, ""
        return {**request, "shown": shown}

    def shown(self, text: str) -> None:
        """Wait until the cell has shown a text."""
        while text not in self.seen:
            self._read(f"the cell does not show {text!r}")

    def say(self, line: str) -> None:
        """Answer a prompt."""
        self.client.input(line)

    def interrupt(self) -> None:
        """Interrupt the cell at its prompt.

        xeus-python does not notice an interrupt that comes in the instant between the
        question and the wait for the answer, so this waits for the latter.
        """
        process = psutil.Process(self.kernel.process.pid)
        while process.status() != psutil.STATUS_SLEEPING:
            self._read("the kernel does not wait for input")
        self.kernel.interrupt()

    def finish(self) -> dict[str, Any]:
        """Wait for the end of the cell; return its answer's content."""
        while not self.idle:
            self._read("the cell does not end")
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == self.request:
                return dict(reply["content"])

    def _read(self, complaint: str) -> None:
        """Read what the cell has sent."""
        assert time.monotonic() < self.deadline, f"{complaint}: {self.seen}"
        try:
            message = self.client.get_iopub_msg(timeout=0.05)
        except Empty:
            return
        if message["parent_header"].get("msg_id") != self.request:
            return
        content = message["content"]
        if message["msg_type"] == "stream":
            self.seen += COLOUR.sub("", content["text"])
        elif message["msg_type"] == "error":
            self.errors.append(content["ename"])
        self.idle = content.get("execution_state") == "idle"
