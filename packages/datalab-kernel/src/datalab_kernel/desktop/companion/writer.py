"""Write drafts into the window, note what they change, and take them back."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from datalab_kernel.desktop.companion import application, undo
from datalab_kernel.desktop.companion.compute import Computation, add_results, compute
from datalab_kernel.desktop.companion.draft import Draft
from datalab_kernel.desktop.companion.exchange import ProtocolError
from datalab_kernel.desktop.companion.jobs import Job
from datalab_kernel.desktop.companion.objects import refused
from datalab_kernel.desktop.companion.quiet import Quiet
from datalab_kernel.desktop.companion.state import State
from datalab_kernel.desktop.companion.take_back import take_back

_log = logging.getLogger(__name__)


class Writer:
    """The writer of drafts into a window, in the thread of the window.

    Args:
        state: The state of the window.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._log = undo.UndoLog()
        self.quiet = Quiet()

    def draft(self) -> Draft:
        """Return a draft of the window as it is now."""
        self._state.look()
        return application.draft_of(self._state.window, self._state.names)

    def compute(
        self, wanted: Computation, job: Job, client: str | None
    ) -> tuple[Draft, str | None]:
        """Compute a feature in DataLab; return the applied draft and its ticket.

        Raises:
            ProtocolError: DataLab reports an error, or the request was abandoned. The
                window is as it was.
        """
        state = self._state
        state.look(also=wanted.on)
        draft = application.draft_of(state.window, state.names)
        state.frozen = True
        try:
            results = compute(state.window, draft, wanted)
        finally:
            state.frozen = False
        draft = self.draft()
        add_results(draft, results)
        return draft, self.write(draft, job, client)

    def set_roi(self, uuid: str, client: str | None, roi: Any) -> None:
        """Set the regions of interest of an object; None removes them.

        Raises:
            ProtocolError: The object was removed in the meantime.
        """
        draft = self.draft()
        draft.check([uuid])
        draft.editable(uuid).roi = roi
        self.write(draft, Job(lambda _: None, writes=True), client)

    def draw_postponed(self) -> None:
        """Draw what was not drawn during the quiet, unless that continues."""
        self.quiet.forget_silent()
        if self.quiet.postponed and not self.quiet:
            self.quiet.postponed = False
            for panel in self._state.window.panels.values():
                panel.draw()

    def write(self, draft: Draft, job: Job, client: str | None) -> str | None:
        """Apply a draft; return its ticket, None if there is nothing to take back.

        Raises:
            ProtocolError: DataLab cannot draw it, or the request was abandoned.
                The window is as it was.
        """
        state = self._state
        draft.name_the_rest()
        try:
            saved = application.apply(
                state.window, draft, state.given, draws=not self.quiet
            )
        except ProtocolError:
            raise
        except Exception as error:
            # Whatever DataLab's drawing raises.
            _log.info("DataLab does not draw a change", exc_info=True)
            reason = f"{type(error).__name__}: {error}"
            raise refused(f"DataLab cannot draw it: {reason}") from error
        self.quiet.postponed |= bool(self.quiet)
        try:
            job.commit()
        except ProtocolError:
            application.restore(state.window, saved)
            raise
        past = undo.past_of(state, draft, saved)
        past.earlier = state.revisions(past.concerned)
        state.accept(draft)
        touched: Iterable[str] = (*draft.changed, *draft.added)
        state.look(by=client, also=touched)
        past.later = state.revisions(past.concerned)
        return self._log.keep(past)

    def undo(self, ticket: str, job: Job, client: str | None) -> str | None:
        """Take a transaction back; return the ticket of the inverse transaction.

        Raises:
            ProtocolError: It is not known, or something of it was changed since.
        """
        state = self._state
        past = self._log.get(ticket)
        state.look(also=(*past.added, *past.values, *past.retitled))
        undo.check_unchanged(state, past)
        draft = application.draft_of(state.window, state.names)
        take_back(draft, past)
        inverse = self.write(draft, job, client)
        self._log.drop(ticket, state.revisions(past.concerned))
        return inverse
