"""Notice what changes in DataLab's window.

A signal of Qt only means that something may have changed. After a signal, the groups,
titles and selections are compared at once, and the values of the selected objects; the
values of all other objects follow in slices, so that the window is never held for long.
What a macro changes sends no signal, and is found by a slice every two seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from qtpy.QtCore import QObject, QTimer

from datalab_kernel.desktop.companion.jobs import Jobs
from datalab_kernel.desktop.companion.state import State

_log = logging.getLogger(__name__)
#: Signals that arrive within this time cause one look.
_COALESCED_MS = 15
_IDLE_MS = 2_000
_SLICE = 100


class Observer(QObject):  # type: ignore[misc]  # the Qt binding is DataLab's
    """The observer of the window, which looks when it may have changed.

    Args:
        state: The state to update.
        jobs: The jobs, while one of which runs nothing is looked at.
        parent: The Qt parent.
    """

    def __init__(self, state: State, jobs: Jobs, parent: QObject | None) -> None:
        super().__init__(parent)
        self._state = state
        self._jobs = jobs
        self._swept: list[str] = []
        self._sweeps = 0
        self._soon = self._timer(_COALESCED_MS, self._look, repeats=False)
        self._next = self._timer(0, self._sweep, repeats=False)
        self._idle = self._timer(_IDLE_MS, self._look_idly, repeats=True)
        self._idle.start()
        for signal in self._signals():
            signal.connect(self._hint)

    @property
    def pending(self) -> bool:
        """Whether something may have changed since the last look."""
        return bool(self._soon.isActive())

    def stop(self) -> None:
        """Stop looking."""
        for timer in (self._soon, self._next, self._idle):
            timer.stop()

    def _timer(self, interval: int, slot: Any, *, repeats: bool) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(interval)
        timer.setSingleShot(not repeats)
        timer.timeout.connect(slot)
        return timer

    def _signals(self) -> Iterator[Any]:
        """Yield the signals of DataLab that follow a change."""
        yield self._state.window.main.tabwidget.currentChanged
        for panel in self._state.window.panels.values():
            widget = panel.widget
            yield widget.SIG_OBJECT_ADDED
            yield widget.SIG_OBJECT_REMOVED
            yield widget.SIG_REFRESH_PLOT
            yield panel.tree.SIG_SELECTION_CHANGED
            yield panel.tree.itemChanged
            yield widget.processor.SIG_ADD_SHAPE
            # Some of these exist in later versions only.
            for owner, name in (
                (widget, "SIG_OBJECT_MODIFIED"),
                (panel.plot.plot, "SIG_LUT_CHANGED"),
                (panel.plot.plot, "SIG_ITEM_MOVED"),
                (panel.plot.plot, "SIG_ITEM_PARAMETERS_CHANGED"),
            ):
                if hasattr(owner, name):
                    yield getattr(owner, name)

    def _hint(self, *_: Any) -> None:
        window = self._state.window
        if window.announced:
            window.announced -= 1  # the companion compares what it changes itself
        elif not self._soon.isActive():
            self._soon.start()

    def _look(self) -> None:
        if self._jobs.running:
            self._soon.start()
            return
        self._guard(self._state.look)
        self._sweeps = -(-len(self._state.known) // _SLICE)
        self._next.start()

    def _sweep(self) -> None:
        """Compare the values of the next objects, until all were compared."""
        if self._jobs.running:
            self._next.start()
            return
        self._sweeps -= 1
        if not self._swept:
            self._swept = list(self._state.known)
        chosen, self._swept = self._swept[:_SLICE], self._swept[_SLICE:]
        self._guard(lambda: self._state.look_at(chosen))
        if self._sweeps > 0:
            self._next.start()

    def _look_idly(self) -> None:
        if not self._jobs.running and not self._next.isActive():
            self._sweep()

    def _guard(self, look: Any) -> None:
        """Look; an exception must not reach the user's window."""
        try:
            look()
        except Exception:  # noqa: BLE001  as above; the next look tries again
            _log.exception("the companion cannot look at DataLab's objects")
