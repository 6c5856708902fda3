"""The Workspace: named signals and images, in memory, in DataLab and in files."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from datalab_workspace import panels
from datalab_workspace.attribute_hints import AttributeHints
from datalab_workspace.backends.base import Backend, Capabilities
from datalab_workspace.batch_calls import BatchCalls
from datalab_workspace.connection_calls import ConnectionCalls
from datalab_workspace.events import ChangeEvent
from datalab_workspace.exchange_calls import ExchangeCalls
from datalab_workspace.file_calls import FileCalls
from datalab_workspace.group_calls import GroupCalls
from datalab_workspace.history_calls import HistoryCalls
from datalab_workspace.listing_calls import ListingCalls
from datalab_workspace.live.attach import backend_of_choice
from datalab_workspace.object_calls import ObjectCalls
from datalab_workspace.operations import listing
from datalab_workspace.operations.mapping import NamedObjects
from datalab_workspace.operations.object_list import Outline
from datalab_workspace.processing_calls import ProcessingCalls
from datalab_workspace.session import Session
from datalab_workspace.subscriptions import Subscription
from datalab_workspace.validation import suggest_on_typo
from datalab_workspace.window_calls import WindowCalls


class Workspace(
    ObjectCalls,
    ListingCalls,
    GroupCalls,
    FileCalls,
    ExchangeCalls,
    ConnectionCalls,
    WindowCalls,
    ProcessingCalls,
    BatchCalls,
    HistoryCalls,
    NamedObjects,  # after those whose calls it uses
    AttributeHints,
):
    """Named signals and images: in memory or in a running DataLab, and in files.

    A workspace maps names to objects. It numbers and orders them as DataLab does:
    signals, then images, each by group. Every method that takes a name also takes a
    UUID or a short id (``s001``, ``i042``); they are tried in this order.

    In a running DataLab, names are what its window shows. A name that was used here and
    that would now mean another object raises a `ReusedNameError` (a `KeyError`).

    Objects are snapshots: `add` stores a copy and `get` returns a copy. Changing either
    copy changes nothing in the workspace until you add it again.

    A new workspace attaches to a running DataLab that the environment names
    (``DATALAB_WORKSPACE_URL`` and ``_TOKEN``), or that belongs to this user. Otherwise
    it keeps its objects in memory. Changes in an attached DataLab show in its window,
    and every method raises a `ConnectionError` if DataLab does not answer.

    Threads may share a workspace: each call is carried out as a whole, and a call that
    fails leaves the workspace as it was.

    Args:
        backend: Where the objects are kept; by default as described above.

    Raises:
        LiveUnavailableError: The environment names a DataLab or asks for live mode
            (``DATALAB_KERNEL_MODE=live``), and no DataLab can be attached (a
            `ConnectionError`).
        ValueError: ``DATALAB_KERNEL_MODE`` is set to an unknown mode.

    Warns:
        UserWarning: Several DataLabs of this user run, or the one that was found does
            not accept its token. The workspace keeps its objects in memory.

    Example:
        >>> ws = dlw.Workspace()
        >>> ws.add("ramp", np.arange(5.0))
        'ramp'
        >>> ws
        <Workspace standalone: 1 signal, 0 images>
    """

    _hints = dict.fromkeys(
        ("plot", "imshow", "draw", "view"), "use plotter.plot(name) for a picture"
    ) | {
        "explore": "use plotter.explore(name) for an interactive view",
        "live": "use plotter.live(name) for a picture that follows its object",
    }
    _usual_hint = "an object is found by its name, as in workspace[{name!r}]"

    def __init__(self, *, backend: Backend | None = None) -> None:
        notes: tuple[str, ...] = ()
        if backend is None:
            backend, notes = backend_of_choice()
        self._session = Session(backend, notes)

    @suggest_on_typo
    def browse(self) -> Any:
        """Show the workspace as a panel in a notebook: groups, pictures, search, menu.

        A click shows an object, a double click explores it. The menu of the right mouse
        button, or of the menu key, renames, groups, exports and removes objects. The
        panel follows every change: of this notebook, of DataLab and of others.

        Returns:
            The panel, which a notebook shows if it is the last line of a cell. The
            notebook file keeps a picture of its first rows.

        Raises:
            ImportError: The extension `datalab_kernel_core` is not loaded, as in a
                script, or anywidget is not installed.

        Example:
            >>> workspace.browse()
            <Panel of <Workspace standalone: 2 signals, 1 image>>
        """
        return panels.provider()(self, Outline(self._session))

    @property
    def backend(self) -> Backend:
        """The backend that keeps the objects; for those who extend the workspace."""
        return self._session.backend

    @property
    def capabilities(self) -> Capabilities:
        """The abilities of the backend, which depend on where the objects are."""
        return self._session.backend.capabilities

    @suggest_on_typo
    def on_change(
        self, callback: Callable[[ChangeEvent], object], *, selection: bool = False
    ) -> Subscription:
        """Call a function after every change of the workspace.

        The function runs in the thread that made the change, after the call that made
        it has been carried out. Changes that DataLab's user or another notebook made
        are reported at once if DataLab has a companion, and otherwise when a call of
        the workspace looks. They are delivered on the event loop that was running when
        you subscribed, or in a script on a thread of their own. Whatever the function
        changes is a later event. An error in the function is logged and affects no
        other callback.

        Args:
            callback: A function of one argument, a `ChangeEvent`. A bound method does
                not keep its object alive.
            selection: Also report when other objects are selected, by `select` or in
                DataLab's window, by events of the kind "selected".

        Returns:
            A handle; its ``cancel()`` ends the calls. It is a context manager, too.

        Example:
            >>> handle = workspace.on_change(lambda event: print(event.kind))
            >>> workspace.remove("noisy")
            removed
            >>> handle.cancel()
        """
        return self._session.subscribe(callback, selection=selection)

    @suggest_on_typo
    def undo(self) -> None:
        """Take back the last change that this workspace has made.

        Titles, groups and positions are as before, too. Call it again to take back the
        change before that. The data of removed and replaced objects is kept for this:
        up to 256 MiB, then the oldest changes can no longer be undone.

        Raises:
            NothingToUndoError: There is no such change (a `LookupError`).
            ConcurrentChangeError: Something in it was changed since in DataLab or by
                another notebook; nothing is undone (a `ConnectionError`).
            NotSupportedByProtocolError: DataLab has no companion.

        Example:
            >>> workspace.remove("peak")
            >>> workspace.undo()
            >>> "peak" in workspace
            True
        """
        from datalab_workspace.operations import undo

        undo.undo(self._session)

    def __copy__(self) -> Workspace:
        """Return an independent workspace with the same objects, for `copy.copy`.

        Both share the data of the objects, which no workspace ever changes. What is
        added, edited or removed in one does not show in the other. Both save to the
        same file by default, and the second to do so is refused; see `save`.

        Raises:
            TypeError: The objects are in a running DataLab.

        Example:
            >>> import copy
            >>> other = copy.copy(workspace)
            >>> other.clear()
            >>> len(other), len(workspace)
            (0, 3)
        """
        copied = object.__new__(type(self))
        vars(copied).update(vars(self), _session=copy.copy(self._session))
        return copied

    # -- the operators of a dict ------------------------------------------------------

    def __len__(self) -> int:
        return listing.count(self._session)

    def __repr__(self) -> str:
        if "_session" not in vars(self):  # a traceback may show a half-made workspace
            return "<Workspace>"
        return listing.summarize(self._session)
