"""Macros of DataLab, which run in processes of their own."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from datalab_kernel.desktop.companion.dialogs import collected_dialogs
from datalab_kernel.desktop.companion.draft import missing
from datalab_kernel.desktop.companion.objects import refused

_MOST_RUNS = 100
_MOST_CHARACTERS = 1 << 20


@dataclass(eq=False)
class Run:
    """One run of a macro.

    Attributes:
        ended: Set when its process has ended.
        code: The exit code.
        output: What it has printed, at most the last part.
        errors: The part of it that went to stderr.
        recording: What notes these.
    """

    ended: threading.Event = field(default_factory=threading.Event)
    code: int | None = None
    output: str = ""
    errors: str = ""
    recording: Any = None

    def add(self, text: str) -> str:
        """Keep some output, and return it."""
        self.output = (self.output + text)[-_MOST_CHARACTERS:]
        return text

    def add_error(self, text: str) -> str:
        """Keep some output of stderr, and return it."""
        self.errors = (self.errors + text)[-_MOST_CHARACTERS:]
        return self.add(text)

    def end(self, code: int | None) -> None:
        """Note that the process has ended."""
        self.code = code
        self.ended.set()


class Macros:
    """The macros of a window.

    Args:
        main: DataLab's main window.
    """

    def __init__(self, main: Any) -> None:
        self._panel = main.macropanel
        self._runs: dict[str, Run] = {}

    def list(self) -> list[dict[str, Any]]:
        """Return the macros, as the protocol lists them."""
        return [
            {"title": macro.title, "running": bool(macro.is_running())}
            for macro in self._panel
        ]

    def start(self, title: str) -> str:
        """Start a macro; return the ticket of its run.

        Raises:
            ProtocolError: There is no such macro, it runs already, or its process does
                not start.
        """
        macro = next((macro for macro in self._panel if macro.title == title), None)
        if macro is None:
            raise missing([title], "DataLab has no macro with the title")
        if macro.is_running():
            raise refused(f"the macro {title!r:.80} is running already")
        run = Run()
        record = _Recording(macro, run)
        with collected_dialogs() as dialogs:
            macro.run()
        if dialogs:
            record.stop()
            raise refused(f"the macro {title!r:.80} does not start: {dialogs[0]}")
        ticket = str(uuid4())
        self._runs[ticket] = run
        while len(self._runs) > _MOST_RUNS:
            del self._runs[next(iter(self._runs))]
        return ticket

    def run(self, ticket: str) -> Run:
        """Return a run.

        Raises:
            ProtocolError: It is not known.
        """
        if ticket not in self._runs:
            raise missing([ticket], "no macro was started with the ticket")
        return self._runs[ticket]


class _Recording:
    """The recording of one run of a macro.

    DataLab reads the output for its console, and it can be read only once.
    """

    def __init__(self, macro: Any, run: Run) -> None:
        self._macro = macro
        self._run = run
        stdout, stderr = macro.get_stdout, macro.get_stderr
        macro.get_stdout = lambda: run.add(stdout())
        macro.get_stderr = lambda: run.add_error(stderr())
        # The signal of the process itself is of no use: DataLab deletes the process
        # while it is sent.
        macro.FINISHED.connect(self._end)
        # Qt does not keep the recording alive.
        run.recording = self

    def stop(self) -> None:
        """Stop recording."""
        self._macro.FINISHED.disconnect(self._end)
        del self._macro.get_stdout, self._macro.get_stderr

    def _end(self) -> None:
        self.stop()
        self._run.end(self._macro.get_exit_code())
        self._run.recording = None
