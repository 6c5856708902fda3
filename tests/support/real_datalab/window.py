"""DataLab's main window, asked to open and save projects as its user would ask it.

Runs in DataLab's environment: ``python -m support.real_datalab.window``. The
window is the application's own, started as the application starts it. A timer looks for
the dialogs that it opens, which would wait for a user for ever, notes what they say and
closes them.
"""

from __future__ import annotations

import io
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.real_datalab import exchange
from support.real_datalab.serving import Server

# Short, so that a dialog costs little time; long enough to be free without one.
BOX_CHECK_MS = 20
BOX = "box"

Answer = dict[str, Any]


class Watch:
    """Notes everything that a user would be bothered with, or that fails unseen."""

    def __init__(self) -> None:
        from qtpy.QtCore import QTimer

        self._complaints: list[str] = []
        self._timer = QTimer()
        self._timer.timeout.connect(self._close_box)
        self._timer.start(BOX_CHECK_MS)
        logging.getLogger().addHandler(_ErrorLog(self))
        # PyQt hands the exceptions of slots and event handlers to this hook.
        sys.excepthook = lambda *args: self.note(
            "unhandled", "".join(traceback.format_exception(*args))
        )

    def note(self, what: str, text: str) -> None:
        self._complaints.append(f"{what}: {text}")

    @contextmanager
    def watching(self) -> Iterator[list[str]]:
        """Collect the complaints of a block; its exceptions are complaints as well."""
        self._complaints = []
        printed = _Tee(sys.stderr)
        sys.stderr = printed
        try:
            yield self._complaints
        except Exception:  # noqa: BLE001  what a test is to tell
            self.note("raised", traceback.format_exc())
        finally:
            sys.stderr = printed.stream
            if "Traceback (most recent call last)" in printed.getvalue():
                self.note("printed", printed.getvalue())

    def _close_box(self) -> None:
        from qtpy.QtWidgets import QApplication, QMessageBox, QProgressDialog

        boxes = {
            widget
            for widget in (QApplication.activeModalWidget(), *_visible(QMessageBox))
            if widget is not None and not isinstance(widget, QProgressDialog)
        }
        for box in boxes:
            text = box.text() if isinstance(box, QMessageBox) else ""
            self.note(BOX, f"{type(box).__name__} {box.windowTitle()!r} {text}")
            box.close()


def _visible(cls: type) -> list[Any]:
    from qtpy.QtWidgets import QApplication

    widgets = QApplication.topLevelWidgets()
    return [w for w in widgets if isinstance(w, cls) and w.isVisible()]


class _ErrorLog(logging.Handler):
    def __init__(self, watch: Watch) -> None:
        super().__init__(logging.ERROR)
        self._watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        self._watch.note("logged", self.format(record))


class _Tee(io.StringIO):
    def __init__(self, stream: Any) -> None:
        super().__init__()
        self.stream = stream

    def write(self, text: str) -> int:
        self.stream.write(text)
        return super().write(text)


class Window:
    """The main window, after its start-up."""

    def __init__(self, watch: Watch) -> None:
        from datalab import app

        self._watch = watch
        self._main = app.create(splash=False, console=False)
        self._import = self._main.h5inputoutput.import_files
        self._main.h5inputoutput.import_files = self._import_foreign
        self._settle()
        self._main.execute_post_show_actions()
        self._settle()

    def open(self, path: str, folder: str, save_to: str | None) -> Answer:
        """Open a project in place of the one that is open, and show all its objects.

        Args:
            path: The project file.
            folder: Where to write what the window then holds.
            save_to: Where to save the project after that; None for not at all.

        Returns:
            What a user would be bothered with, or what failed unseen; apart from that,
            by title, why objects could not be drawn.
        """
        return self._work(
            lambda: self._main.open_h5_files([path], import_all=True, reset_all=True),
            folder,
            save_to,
        )

    def perform(
        self, session: str, path: str | None, folder: str, save_to: str | None
    ) -> Answer:
        """Do in a project what a function of `sessions` does.

        Args:
            session: The function's name.
            path: The project file; None for an empty project.
            folder: Where to write what the window then holds.
            save_to: Where to save the project after that; None for not at all.

        Returns:
            As of `open`.
        """
        from support.real_datalab import sessions

        if path is None:
            self._main.reset_all()
        else:
            self._main.open_h5_files([path], import_all=True, reset_all=True)
        return self._work(
            lambda: getattr(sessions, session)(self._main), folder, save_to
        )

    def _work(
        self, work: Callable[[], object], folder: str, save_to: str | None
    ) -> Answer:
        with self._watch.watching() as complaints:
            work()
            self._settle()
        # Before anything is drawn: DataLab notes in the metadata how it drew an object.
        exchange.write(self._observed(), Path(folder))
        undrawn: dict[str, str] = {}
        for title, messages in self._draw_everything():
            boxes = [text for text in messages if text.startswith(BOX)]
            complaints += boxes
            if len(messages) > len(boxes):
                undrawn[title] = "\n".join(messages)
        if save_to is not None:
            with self._watch.watching() as messages:
                self._main.save_to_h5_file(save_to)
                self._settle()
            complaints += messages
        return {"complaints": complaints, "undrawn": undrawn}

    def close(self) -> None:
        self._main.set_modified(False)
        self._main.close()

    def _import_foreign(self, filenames: list[str], *options: bool) -> None:
        """Note that DataLab takes a file for any HDF5 file, and let it go on."""
        self._watch.note("refused", f"imported as no project of DataLab's: {filenames}")
        self._import(filenames, *options)

    def _observed(self) -> exchange.Project:
        from datalab.objectmodel import get_short_id

        from support.real_datalab.observing import observed, observed_session

        main = self._main
        project = exchange.Project()
        for kind, panel in ("signal", main.signalpanel), ("image", main.imagepanel):
            for group in panel.objmodel.get_groups():
                items = [
                    observed(obj, get_short_id(obj)) for obj in group.get_objects()
                ]
                project.groups.append(exchange.Group(kind, group.title, items))
        project.macros = [
            exchange.Macro(macro.title, macro.get_code(), macro.uid)
            for macro in main.macropanel
        ]
        project.history = [
            observed_session(session) for session in main.historypanel.history_sessions
        ]
        return project

    def _draw_everything(self) -> Iterator[tuple[str, list[str]]]:
        """Select every object in turn, so that it is drawn; yield what that brings."""
        for panel in (self._main.signalpanel, self._main.imagepanel):
            self._main.set_current_panel(panel)
            for uuid in panel.objmodel.get_object_ids():
                with self._watch.watching() as messages:
                    panel.objview.select_objects([uuid])
                    self._settle()
                yield panel.objmodel[uuid].title, messages

    def _settle(self) -> None:
        """Let Qt do what is due, and what that makes due."""
        from qtpy.QtWidgets import QApplication

        for _ in range(3):
            QApplication.processEvents()


def main() -> None:
    server = Server()
    from datalab.config import ensure_initialized
    from datalab.utils.qthelpers import datalab_app_context

    ensure_initialized(load_user_config=True)
    with datalab_app_context(exec_loop=False):
        window = Window(Watch())
        server.serve({"open": window.open, "perform": window.perform})
        window.close()


if __name__ == "__main__":
    main()
