"""The recorder in a browser, which has no threads: it writes at the end of cells."""

from __future__ import annotations

from datalab_workspace.error_messages import list_names
from datalab_workspace.recovery.folder import expire
from datalab_workspace.recovery.in_browser import quota
from datalab_workspace.recovery.in_browser.store import PageStore
from datalab_workspace.recovery.recorder import Recorder
from datalab_workspace.recovery.snapshots import Snapshots
from datalab_workspace.recovery.store import Snapshot, Store


class PageRecorder(Recorder):
    """The recorder of one workspace; `write` writes its changes. See `Recorder`."""

    def write(self) -> None:
        """Write the changes, if there are any; an error becomes a message."""
        if self._failed or not self._wake.is_set():
            return
        store = self._store
        if isinstance(store, PageStore) and not store.is_kept():
            self._forget()  # all objects are then written to a new folder
        self._attempt()
        quota.ask()

    def _begin(self) -> None:
        quota.ask()
        expire(self._parent)

    def _new_snapshots(self) -> Snapshots:
        # A reference would have to read the whole file to know what it holds.
        return Snapshots(refer_to_files=False)

    def _new_store(self) -> Store:
        return PageStore(self._parent, self._owner)

    def _rest(self, seconds: float) -> None:
        """See `Recorder._rest`; nothing else uses the kernel."""

    def _until_sync(self) -> float | None:
        return 0.0  # what is no longer needed is deleted each time

    def _no_room(self, left_out: list[Snapshot]) -> str:
        names = list_names([snapshot.name for snapshot in left_out])
        return (
            f"the browser has no room to keep {names} in case the page is reloaded; "
            "save the workspace and download the file, or delete files of this site"
        )
