"""Questions to the user of the window.

A question is asked in the window and answered later. Nothing waits for it here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication

from datalab_kernel.desktop.companion.draft import missing
from datalab_kernel.desktop.companion.overrides import override
from datalab_kernel.desktop.companion.window import Panel
from datalab_workspace.encoding import typed_json
from datalab_workspace.model.record import Kind

_log = logging.getLogger(__name__)
_MOST = 100
_CLICK = 3


@dataclass(eq=False)
class Question:
    """A question and its answer.

    Attributes:
        ended: Set when it is answered or cancelled.
        answer: The answer, as the protocol reports it; None if it was cancelled.
        cancel: Takes back what was opened in the window.
    """

    ended: threading.Event = field(default_factory=threading.Event)
    answer: dict[str, Any] | None = None
    cancel: Callable[[], None] = lambda: None

    @property
    def report(self) -> dict[str, Any]:
        """The state of the question, as the protocol reports it."""
        if not self.ended.is_set():
            return {"state": "open"}
        if self.answer is None:
            return {"state": "cancelled"}
        empty = {"accepted": True, "uuids": [], "roi": None, "point": None}
        return {"state": "answered", **empty, **self.answer}

    def end(self, answer: dict[str, Any] | None) -> None:
        """Answer or cancel the question, once."""
        if not self.ended.is_set():
            self.answer = answer
            self.ended.set()


class Questions:
    """The questions by ticket."""

    def __init__(self) -> None:
        self._asked: dict[str, Question] = {}

    def add(self, question: Question) -> str:
        """Add a question; return its ticket."""
        ticket = str(uuid4())
        self._asked[ticket] = question
        while len(self._asked) > _MOST:
            oldest = self._asked.pop(next(iter(self._asked)))
            oldest.cancel()
            oldest.end(None)
        return ticket

    def get(self, ticket: str) -> Question:
        """Return a question.

        Raises:
            ProtocolError: It is not known.
        """
        if ticket not in self._asked:
            raise missing([ticket], "there is no question with the ticket")
        return self._asked[ticket]

    def close(self) -> None:
        """Cancel all questions, because DataLab is closing."""
        for question in self._asked.values():
            question.end(None)


def ask_roi(
    panel: Panel, uuid: str, message: str, apply: Callable[[Any], None]
) -> Question:
    """Open DataLab's editor of regions for an object, without waiting for the user.

    Args:
        panel: The panel of the object.
        uuid: The object.
        message: Title of the dialog; "" for DataLab's own.
        apply: Called with the regions that the user has accepted, None for no regions.
    """
    editor = _RoiEditor(panel, uuid, message, apply)
    QTimer.singleShot(0, editor.edit)
    return editor.question


@dataclass(eq=False)
class _RoiEditor:
    """DataLab's editor of regions for one object; see `ask_roi`."""

    panel: Panel
    uuid: str
    message: str
    apply: Callable[[Any], None]
    question: Question = field(default_factory=Question)
    _dialog: Any = None

    def __post_init__(self) -> None:
        self.question.cancel = self._take_back

    def edit(self) -> None:
        """Open the editor, and answer when it is closed."""
        if self.question.ended.is_set():
            return
        QTimer.singleShot(0, self._note)
        try:
            self.question.end(self._answer(_edit_roi(self.panel, self.uuid)))
        except Exception:  # noqa: BLE001  it must not reach the user's window
            _log.exception("the regions of interest cannot be asked for")
            self.question.end(None)
        finally:
            self._dialog = None

    def _answer(self, result: Any) -> dict[str, Any]:
        if result is None:
            return {"accepted": False}
        roi, modified = result
        roi = None if roi is None or roi.is_empty() else roi
        if modified:
            self.apply(roi)
        encoded = None if roi is None else typed_json.encode(roi.to_dict())
        return {"uuids": [self.uuid], "roi": encoded}

    def _note(self) -> None:
        """Remember the dialog, which is open now."""
        self._dialog = QApplication.activeModalWidget()
        if self._dialog is not None and self.message:
            self._dialog.setWindowTitle(self.message)
        if self.question.ended.is_set():  # cancelled before the dialog was open
            self._take_back()

    def _take_back(self) -> None:
        if self._dialog is not None:
            self._dialog.reject()


def _edit_roi(panel: Panel, uuid: str) -> Any:
    """Return the regions and whether they were modified; None if it was cancelled."""
    obj = panel.objects[uuid]

    def selected(*_: Any, **__: Any) -> list[Any]:
        # DataLab edits the object that is selected, and asks for it first of all.
        restore.close()
        return [obj]

    restore = _Once(override(panel.tree, "get_sel_objects", selected))
    try:
        return panel.widget.get_roi_editor_output(mode="apply")
    finally:
        restore.close()


class _Once:
    """A context that can be left early."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._context.__enter__()
        self._open = True

    def close(self) -> None:
        if self._open:
            self._open = False
            self._context.__exit__(None, None, None)


def ask_point(panel: Panel, uuid: str) -> Question:
    """Wait for a click on the plot of an object while the object is shown in it."""
    question = Question()
    click = _Click(panel, uuid, question)
    question.cancel = click.stop
    return question


class _Click(QObject):  # type: ignore[misc]  # the Qt binding is DataLab's
    """The receiver of the next click on a plot, which is the answer."""

    def __init__(self, panel: Panel, uuid: str, question: Question) -> None:
        self._canvas = panel.plot.plot.canvas()
        super().__init__(self._canvas)
        self._panel = panel
        self._uuid = uuid
        self._question = question
        self._pressed: Any = None
        self._canvas.installEventFilter(self)

    def stop(self) -> None:
        """Stop waiting."""
        self._canvas.removeEventFilter(self)
        self.deleteLater()

    def eventFilter(self, _: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Look at an event of the plot, which goes its way."""
        try:
            self._look(event)
        except Exception:  # noqa: BLE001  it must not reach the user's window
            _log.exception("a click on the plot cannot be reported")
            self._question.end(None)
        return False

    def _look(self, event: QEvent) -> None:
        if event.type() == QEvent.MouseButtonPress and event.button() == Qt.LeftButton:
            self._pressed = event.pos()
        elif event.type() == QEvent.MouseButtonRelease and self._pressed is not None:
            moved = (event.pos() - self._pressed).manhattanLength()
            item = self._panel.plot.get(self._uuid)
            if moved <= _CLICK and item is not None and item.isVisible():
                plot = self._panel.plot.plot
                x = plot.invTransform(item.xAxis(), event.pos().x())
                y = plot.invTransform(item.yAxis(), event.pos().y())
                point = [float(x), float(y)]
                self._question.end({"uuids": [self._uuid], "point": point})
                self.stop()
            self._pressed = None


def ask_selection(state: Any, kind: Kind | None) -> Question:
    """Wait until the user selects objects.

    Args:
        state: The state of the window, which reports the selection.
        kind: The kind of the objects; None for either.
    """
    question = Question()

    def look(uuids: list[str]) -> None:
        chosen = [u for u in uuids if kind in (None, state.known[u].kind)]
        if chosen:
            question.end({"uuids": chosen})
            state.selection_watchers.discard(look)

    state.selection_watchers.add(look)
    question.cancel = lambda: state.selection_watchers.discard(look)
    return question
