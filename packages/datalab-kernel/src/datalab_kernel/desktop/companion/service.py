"""The routes of the companion protocol.

Threads of the server call `Service.answer`. What touches DataLab is done in the thread
of the window, as a job.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import datalab
import sigima
from qtpy.QtCore import QObject

from datalab_kernel import __version__
from datalab_kernel.desktop.companion import entries, transaction
from datalab_kernel.desktop.companion.dialogs import open_dialog, progress_is_shown
from datalab_kernel.desktop.companion.draft import missing
from datalab_kernel.desktop.companion.exchange import Call, ProtocolError, Reply
from datalab_kernel.desktop.companion.jobs import Job, Jobs, closing
from datalab_kernel.desktop.companion.objects import complete, record_of
from datalab_kernel.desktop.companion.observer import Observer
from datalab_kernel.desktop.companion.private_names import missing_name
from datalab_kernel.desktop.companion.state import State
from datalab_kernel.desktop.companion.window import Window
from datalab_kernel.desktop.companion.window_routes import FEATURES, WindowRoutes
from datalab_kernel.desktop.companion.writer import Writer
from datalab_workspace.live.codecs.frame import FrameWriter

PROTOCOL = 1
LEAST = 1
#: `hello` does not wait for the window longer than this.
_GLANCE = 0.1
_READY_AGAIN = 0.05
_PARTS = ("all", "data", "rest")


class UnsupportedWindowError(Exception):
    """This DataLab lacks something that the companion needs."""


class Service:
    """The answers to all requests, for one window.

    Args:
        main: DataLab's main window. The service is created in its thread.

    Raises:
        UnsupportedWindowError: This DataLab lacks something that is needed.
    """

    def __init__(self, main: Any) -> None:
        absent = missing_name(main)
        if absent is not None:
            raise UnsupportedWindowError(
                f"notebooks use DataLab's own protocols: this DataLab has no {absent}"
            )
        self._main = main
        self._window = Window(main)
        self._state = State(self._window)
        self._jobs = Jobs(main if isinstance(main, QObject) else None)
        self._dialog: str | None = None
        self._closed = False
        self._writer = Writer(self._state)
        self._more = WindowRoutes(self._state, self._writer, self._run)
        self._routes: Mapping[tuple[str, str], Callable[[Call], Reply]] = {
            **self._more.routes,
            ("GET", "hello"): self._hello,
            ("GET", "ready"): self._ready,
            ("GET", "snapshot"): self._snapshot,
            ("GET", "events"): self._events,
            ("POST", "objects"): self._objects,
            ("POST", "transaction"): self._transaction,
            ("POST", "undo"): self._undo,
        }
        self._state.look()
        self._observer = Observer(self._state, self._jobs, self._jobs.parent())

    @property
    def boot(self) -> str:
        """The UUID of this start of the companion."""
        return self._state.boot

    def answer(self, call: Call) -> Reply:
        """Answer a request; any thread may call this.

        Raises:
            ProtocolError: The request is refused, and nothing of it is done.
        """
        self._writer.quiet.notice(call.client)
        route = self._routes.get((call.method, "/".join(call.path[:1])), _no_route)
        try:
            reply = route(call)
        except ProtocolError as error:
            self._enclose_snapshot(call, error.extra)
            raise
        if route != self._snapshot:
            self._enclose_snapshot(call, reply.header)
        return reply

    def close(self) -> None:
        """Refuse all further requests, because DataLab is closing."""
        self._closed = True
        self._observer.stop()
        self._more.close()
        self._jobs.close()
        self._state.report_closing()

    def _enclose_snapshot(self, call: Call, header: dict[str, Any]) -> None:
        if "since" in call.query and call.path[:1] != ("events",):
            since, boot = entries.revision(call.query), call.query.get("boot")
            header["snapshot"] = self._state.snapshot(since, boot)

    def _run(
        self,
        call: Call,
        function: Callable[[Job], Any],
        *,
        writes: bool,
        is_long: bool = False,
    ) -> Any:
        wait = entries.waiting_time(call.query)
        return self._jobs.run(function, wait=wait, writes=writes, is_long=is_long)

    def _hello(self, _: Call) -> Reply:
        try:
            self._dialog = self._jobs.run(lambda _: open_dialog(), wait=_GLANCE)
        except ProtocolError as error:
            if error.error != "busy":
                raise
        return Reply(
            {
                "protocol": PROTOCOL,
                "least": LEAST,
                "companion": __version__,
                "datalab": datalab.__version__,
                "sigima": sigima.__version__,
                "pid": os.getpid(),
                "boot": self._state.boot,
                "rev": self._state.rev,
                "dialog": self._dialog,
                "features": [*FEATURES, "undo"],
            }
        )

    def _ready(self, call: Call) -> Reply:
        wait = entries.waiting_time(call.query)
        end = time.monotonic() + wait
        dialog: str | None = None
        while True:
            left = max(end - time.monotonic(), 0.0)
            try:
                dialog, busy = self._jobs.run(
                    lambda _: (open_dialog(), progress_is_shown()), wait=left
                )
            except ProtocolError as error:
                if error.error != "busy":
                    raise
                return Reply({"ready": False, "dialog": dialog})
            if dialog is None and not busy:
                return Reply({"ready": True, "dialog": None})
            time.sleep(min(_READY_AGAIN, left))

    def _snapshot(self, call: Call) -> Reply:
        self._run(call, lambda _: self._state.look(), writes=False)
        since, boot = entries.revision(call.query), call.query.get("boot")
        return Reply(self._state.snapshot(since, boot))

    def _events(self, call: Call) -> Reply:
        wait = entries.waiting_time(call.query)
        since = entries.revision(call.query)
        state = self._state
        if self._closed and since == state.rev:
            raise closing()
        if since is None or call.query.get("boot") != state.boot:
            return Reply({**state.events(state.rev), "missed": True})
        with state.changes:
            state.changes.wait_for(lambda: state.rev != since or self._closed, wait)
            return Reply(state.events(since))

    def _objects(self, call: Call) -> Reply:
        uuids = entries.strings(call.header, "uuids")
        parts = call.header.get("parts", "all")
        if parts not in _PARTS:
            raise entries.malformed(f"expected one of {_PARTS} for parts")

        def collect(_: Job) -> list[Any]:
            self._state.look(also=uuids)
            found = [self._window.find(uuid) for uuid in uuids]
            absent = [u for u, hit in zip(uuids, found, strict=True) if hit is None]
            if absent:
                raise missing(absent, "there is no object with the UUID")
            return [record_of(hit[1]) for hit in found if hit is not None]

        writer = FrameWriter()
        records = []
        for record, dropped in self._run(call, collect, writes=False):
            records.append(writer.encode_record(complete(record), parts=parts))
            if dropped:
                records[-1]["dropped"] = dropped
        return Reply({"objects": records}, frame=writer)

    def _transaction(self, call: Call) -> Reply:
        material = transaction.material_of(call)

        def carry_out(job: Job) -> dict[str, Any]:
            draft = transaction.draft_of(self._state, call, material)
            ticket = self._writer.write(draft, job, call.client)
            added = list(draft.added)
            return {"rev": self._state.rev, "ticket": ticket, "uuids": added}

        return Reply(self._run(call, carry_out, writes=True))

    def _undo(self, call: Call) -> Reply:
        ticket = entries.string(call.header, "ticket")

        def take_back(job: Job) -> dict[str, Any]:
            inverse = self._writer.undo(ticket, job, call.client)
            return {"rev": self._state.rev, "ticket": inverse}

        return Reply(self._run(call, take_back, writes=True))


def _no_route(call: Call) -> Reply:
    where = "/".join(call.path)
    raise ProtocolError(404, "path", f"there is no {call.method} {where:.80}")
