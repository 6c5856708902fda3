"""The routes of the protocol that use the functions of DataLab's window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from qtpy.QtCore import QTimer

from datalab_kernel.desktop.companion import entries, questions, transaction
from datalab_kernel.desktop.companion.compute import Computation
from datalab_kernel.desktop.companion.entries import malformed
from datalab_kernel.desktop.companion.exchange import Call, Reply
from datalab_kernel.desktop.companion.file_reader import add_contents, read_files
from datalab_kernel.desktop.companion.jobs import Job
from datalab_kernel.desktop.companion.macros import Macros
from datalab_kernel.desktop.companion.questions import Question, Questions
from datalab_kernel.desktop.companion.screenshot import picture_of
from datalab_kernel.desktop.companion.state import State
from datalab_kernel.desktop.companion.writer import Writer
from datalab_workspace.model.record import KINDS, Kind

FEATURES = ("compute", "open", "ask", "macros", "screenshot", "quiet")
_QUIET_MS = 5_000
_PNG = "image/png"


class Run(Protocol):
    """The runner of a function as a job for a request; see `Jobs.run`."""

    def __call__(
        self,
        call: Call,
        function: Callable[[Job], Any],
        *,
        writes: bool,
        is_long: bool = False,
    ) -> Any:
        """Return the result of the function."""


class WindowRoutes:
    """The answers to requests for functions of the window.

    Args:
        state: The state of the window.
        writer: Changes the window.
        run: Runs jobs.
    """

    def __init__(self, state: State, writer: Writer, run: Run) -> None:
        self._state = state
        self._writer = writer
        self._run = run
        self._macros = Macros(state.window.main)
        self._questions = Questions()
        self._timer = QTimer()
        self._timer.setInterval(_QUIET_MS)
        self._timer.timeout.connect(writer.draw_postponed)

    @property
    def routes(self) -> Mapping[tuple[str, str], Callable[[Call], Reply]]:
        """The routes by method and first part of the path."""
        return {
            ("POST", "compute"): self._compute,
            ("POST", "open"): self._open,
            ("POST", "ask"): self._ask,
            ("GET", "ask"): self._answer,
            ("DELETE", "ask"): self._cancel,
            ("GET", "macros"): self._list_macros,
            ("POST", "macro"): self._start_macro,
            ("GET", "macro"): self._macro,
            ("GET", "screenshot"): self._screenshot,
            ("POST", "quiet"): self._quiet,
        }

    def close(self) -> None:
        """Cancel all questions, because DataLab is closing."""
        self._timer.stop()
        self._questions.close()

    def _compute(self, call: Call) -> Reply:
        wanted = Computation(
            entries.string(call.header, "name"),
            entries.strings(call.header, "on"),
            entries.optional_string(call.header, "with"),
            transaction.decoded(entries.mapping(call.header, "parameters"), call),
        )

        def carry_out(job: Job) -> dict[str, Any]:
            draft, ticket = self._writer.compute(wanted, job, call.client)
            return {
                "rev": self._state.rev,
                "uuids": list(draft.added),
                "changed": list(draft.changed),
                "ticket": ticket,
            }

        return Reply(self._run(call, carry_out, writes=True, is_long=True))

    def _open(self, call: Call) -> Reply:
        group = entries.optional_string(call.header, "group")
        paths = entries.strings(call.header, "paths")
        contents = read_files(self._state.window, paths, self._kinds(call))

        def carry_out(job: Job) -> dict[str, Any]:
            draft = self._writer.draft()
            add_contents(draft, contents, group)
            ticket = self._writer.write(draft, job, call.client)
            added = list(draft.added)
            return {"rev": self._state.rev, "ticket": ticket, "uuids": added}

        answer = self._run(call, carry_out, writes=True)
        return Reply({**answer, "failed": contents.failed})

    def _kinds(self, call: Call) -> Sequence[Kind]:
        """Return the kind that a request names, or both, that of the window first."""
        if call.header.get("kind") is not None:
            return [entries.kind(call.header)]
        shown = self._run(call, lambda _: self._state.window.shown(), writes=False)
        return sorted(KINDS, key=lambda kind: kind != shown)

    def _ask(self, call: Call) -> Reply:
        what = entries.string(call.header, "what")
        ask = {
            "roi": self._ask_roi,
            "selection": self._ask_selection,
            "point": self._ask_point,
        }.get(what)
        if ask is None:
            raise malformed(f"expected 'roi', 'selection' or 'point', got {what!r:.40}")
        message = entries.optional_string(call.header, "message") or ""

        def begin(_: Job) -> str:
            question = ask(call, message)
            if message:
                self._state.window.main.statusBar().showMessage(message)
            return self._questions.add(question)

        return Reply({"ticket": self._run(call, begin, writes=True)})

    def _ask_roi(self, call: Call, message: str) -> Question:
        uuid = entries.string(call.header, "uuid")
        self._writer.draft().check([uuid])
        panel = self._state.window.panels[self._state.known[uuid].kind]
        apply = partial(self._writer.set_roi, uuid, call.client)
        return questions.ask_roi(panel, uuid, message, apply)

    def _ask_selection(self, call: Call, _: str) -> Question:
        chosen = call.header.get("kind")
        kind = None if chosen is None else entries.kind(call.header)
        self._state.look()
        return questions.ask_selection(self._state, kind)

    def _ask_point(self, call: Call, _: str) -> Question:
        uuid = entries.string(call.header, "uuid")
        self._writer.draft().check([uuid])
        panel = self._state.window.panels[self._state.known[uuid].kind]
        return questions.ask_point(panel, uuid)

    def _answer(self, call: Call) -> Reply:
        question = self._questions.get(_ticket(call))
        question.ended.wait(entries.waiting_time(call.query))
        return Reply(question.report)

    def _cancel(self, call: Call) -> Reply:
        question = self._questions.get(_ticket(call))
        question.end(None)
        # It closes a dialog, and is not refused while that is open.
        self._run(call, lambda _: question.cancel(), writes=False)
        return Reply(question.report)

    def _list_macros(self, call: Call) -> Reply:
        macros = self._run(call, lambda _: self._macros.list(), writes=False)
        return Reply({"macros": macros})

    def _start_macro(self, call: Call) -> Reply:
        title = entries.string(call.header, "title")
        start = partial(self._macros.start, title)
        return Reply({"ticket": self._run(call, lambda _: start(), writes=True)})

    def _macro(self, call: Call) -> Reply:
        run = self._macros.run(_ticket(call))
        if not run.ended.wait(entries.waiting_time(call.query)):
            return Reply({"state": "running"})
        ended = {"code": run.code, "output": run.output, "errors": run.errors}
        return Reply({"state": "ended", **ended})

    def _screenshot(self, call: Call) -> Reply:
        what = call.query.get("what", "window")
        picture = self._run(
            call, lambda _: picture_of(self._state.window, what), writes=False
        )
        return Reply(content=(picture, _PNG))

    def _quiet(self, call: Call) -> Reply:
        client = call.client
        if client is None:
            raise malformed("only a client that names itself can ask for quiet")
        on = entries.flag(call.header, "on")

        def switch(_: Job) -> None:
            self._writer.quiet.set(client, on)
            self._writer.draw_postponed()
            self._timer.start()

        self._run(call, switch, writes=True)
        return Reply({"on": on})


def _ticket(call: Call) -> str:
    if len(call.path) != 2:
        raise malformed("expected a ticket in the path")
    return call.path[1]
