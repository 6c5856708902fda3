"""Calls of DataLab's XML-RPC server that read or change its window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from datalab_workspace.errors import (
    DataLabError,
    LiveError,
    ObjectNotFoundError,
)
from datalab_workspace.live.clients.settings import auto_refresh
from datalab_workspace.live.clients.xmlrpc_calls import (
    ATTEMPTS,
    Calls,
    unexpected_result,
)
from datalab_workspace.live.transport.base import Transport
from datalab_workspace.model.record import Kind
from datalab_workspace.validation import warn_caller


class WindowCalls(Calls):
    """DataLab's window: the panel that it shows, the selection and what it draws.

    See `Calls` for its arguments and for the errors of every method.
    """

    def __init__(self, port: int, *, transport: Transport | None = None) -> None:
        super().__init__(port, transport=transport)
        self._keeping = False
        #: In `panel_kept`: the panel shown before and now; None until they are read.
        self._before: str | None = None
        self._now: str | None = None

    def shown(self) -> str:
        """Return the panel that the window shows: "signal", "image" or "macro"."""
        result = self.call("get_current_panel")
        if not isinstance(result, str):
            raise unexpected_result("get_current_panel", result)
        return result

    def selection(self) -> list[str]:
        """Return UUIDs of the selected objects in the panel that the window shows."""
        return self._texts("get_sel_object_uuids")

    def select(self, uuids: Sequence[str], kind: Kind, *, show: bool = False) -> None:
        """Select objects of a kind, which draws them.

        Args:
            uuids: Their UUIDs.
            kind: Their kind.
            show: Also show their panel.

        Raises:
            ObjectNotFoundError: One of the objects does not exist.
            ValueError: There are no UUIDs.
        """
        if not uuids:
            raise ValueError("DataLab cannot select nothing; name an object")
        with self._lock:
            self._find(uuids, kind)
            if show:
                self._do("set_current_panel", kind)
            self._do("select_objects", [*uuids], kind)

    @contextmanager
    def selected(self, uuids: Sequence[str], kind: Kind) -> Iterator[None]:
        """Select exactly these objects, and restore the selection at the end.

        Args:
            uuids: Their UUIDs.
            kind: Their kind.

        Raises:
            ObjectNotFoundError: One of the objects does not exist.
        """
        with self.showing(kind):
            before = self.selection()
            for _ in range(ATTEMPTS):
                self._find(uuids, kind)
                self._do("select_objects", [*uuids], kind)
                if {*self.selection()} == {*uuids}:
                    break
            else:
                raise DataLabError(
                    "the selection in DataLab's window keeps changing; wait until the "
                    "program that changes it is done"
                )
            try:
                yield
            finally:
                present = {*self._texts("get_object_uuids", kind)}
                again = [uuid for uuid in before if uuid in present]
                if again:  # DataLab has no call that selects nothing
                    self._do("select_objects", again, kind)

    @contextmanager
    def panel_kept(self) -> Iterator[None]:
        """Restore the panel that the window shows, once, at the end of this context.

        A panel that is shown within this context stays shown until its end.
        """
        with self._lock:
            if self._keeping:
                yield
                return
            self._keeping = True
            try:
                yield
            finally:
                before, now = self._before, self._now
                self._keeping, self._before, self._now = False, None, None
                if before is not None and now != before:
                    self._do("set_current_panel", before)

    @contextmanager
    def showing(self, kind: Kind) -> Iterator[None]:
        """Show a panel, because its selection and groups can be read only then."""
        with self.panel_kept():
            if self._now is None:
                self._before = self._now = self.shown()
            if self._now != kind:
                self._do("set_current_panel", kind)
                self._now = kind
            yield

    def panel_changed(self) -> None:
        """Note that another program has shown another panel in the meantime."""
        if self._keeping:
            self._now = ""

    def _find(self, uuids: Sequence[str], kind: Kind) -> None:
        missing = {*uuids} - {*self._texts("get_object_uuids", kind)}
        if missing:
            raise ObjectNotFoundError(
                f"DataLab has no {kind} {', '.join(sorted(missing)):.120}; it may have "
                "been removed there"
            )

    def set_property(self, name: str, value: str) -> None:
        """Set a property of the main window, which no other program uses."""
        self._on_panel("setProperty", None, name, value)

    def read_property(self, name: str) -> object:
        """Return a property of the main window; anything else if it is not set.

        Instead of nothing, DataLab returns the result of an earlier call.
        """
        arguments: dict[str, Any] = {"args": [name], "kwargs": {}, "panel": None}
        return self.call("call_method", "property", arguments)

    def show_titles(self) -> None:
        """Show titles that the Web API has changed, and keep the selection."""
        with self._lock:
            kind, selected = self.shown(), self.selection()
            self._on_panel("repopulate_panel_trees", None)
            if len(selected) > 1:
                self._do("select_objects", selected, kind)

    def screenshot(self, stem: str) -> None:
        """Let DataLab write a picture of its window: ``<stem>_<date>.png``.

        Args:
            stem: An absolute path on DataLab's machine, without suffix.
        """
        self._on_panel("take_screenshot", None, stem)

    @contextmanager
    def refresh_off(self) -> Iterator[None]:
        """Keep DataLab from drawing the objects that are added in this context.

        The setting is the user's. DataLab keeps it in a file, and neither protocol
        reports it. So it is changed only if the file says that it is on, and it is
        switched on again in any case.
        """
        if auto_refresh() is not True:
            yield
            return
        self._do("toggle_auto_refresh", False)
        try:
            yield
        except BaseException:
            self._refresh_on_again()
            raise
        self._do("toggle_auto_refresh", True)

    def _refresh_on_again(self) -> None:
        """Switch the setting on again while another error is raised."""
        try:
            self._do("toggle_auto_refresh", True)
        except LiveError as error:
            warn_caller(
                f"automatic refresh could not be switched on again in DataLab ({error})"
                "; switch it on in its View menu",
                UserWarning,
            )
