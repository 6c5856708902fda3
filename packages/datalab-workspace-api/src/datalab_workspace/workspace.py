"""The Workspace: named signals and images, in memory, in DataLab and in files."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

from datalab_workspace import panels
from datalab_workspace.attribute_hints import AttributeHints
from datalab_workspace.backends.base import Backend, Capabilities
from datalab_workspace.connection_calls import ConnectionCalls
from datalab_workspace.events import ChangeEvent
from datalab_workspace.exchange_calls import ExchangeCalls
from datalab_workspace.file_calls import FileCalls
from datalab_workspace.history_calls import HistoryCalls
from datalab_workspace.live.attach import backend_of_choice
from datalab_workspace.model.description import (
    Description,
    GroupList,
    Listing,
    Preview,
)
from datalab_workspace.model.name_lists import NamesOf
from datalab_workspace.model.record import Kind, Record
from datalab_workspace.operations import add, edit, listing, undo
from datalab_workspace.operations.mapping import (
    MISSING,
    NamedObjects,
    Names,
    NamesToGet,
    Objects,
)
from datalab_workspace.operations.object_list import Outline
from datalab_workspace.processing_calls import ProcessingCalls
from datalab_workspace.session import Session
from datalab_workspace.subscriptions import Subscription
from datalab_workspace.validation import old_arguments, suggest_on_typo
from datalab_workspace.window_calls import WindowCalls

if TYPE_CHECKING:
    from sigima import ImageObj, SignalObj

T = TypeVar("T")
# Within the class, `list` is its method.
Groups: TypeAlias = GroupList
Previews: TypeAlias = "list[Preview]"


class Workspace(
    NamedObjects,
    FileCalls,
    ExchangeCalls,
    ConnectionCalls,
    WindowCalls,
    ProcessingCalls,
    HistoryCalls,
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

    # -- objects in and out -----------------------------------------------------------

    @old_arguments("overwrite")
    @suggest_on_typo
    def add(
        self,
        name: Any,
        obj: Any = MISSING,
        *,
        overwrite: bool = False,
        group: str | None = None,
        copy: bool = True,
    ) -> str:
        """Store a snapshot of an object under a name, or under its own title.

        Adding an equal object again is not an error and changes nothing, so that a
        notebook can be run twice.

        Args:
            name: The name: any string without control characters. It becomes the title.
                With one argument only: the object, which keeps its own title.
            obj: A `sigima.SignalObj` or `sigima.ImageObj`; a 1-D array or list of
                numbers, which becomes the y of a signal; a 2-D array or nested list,
                which becomes an image; a tuple (x, y), (x, y, dy) or (x, y, dx, dy) of
                1-D arrays, where x may be dates (`datetime64` or `datetime`); a Series,
                or a DataFrame of x and y, of pandas; a DataArray of xarray; or a signal
                of HyperSpy. It is not changed.
            overwrite: Replace a different object of this name. The new object takes
                over its position, group and UUID.
            group: Title of the group to add to, which is created if it does not exist;
                by default the first group of the panel.
            copy: Copy the arrays. Otherwise the workspace holds read-only views, and
                the caller promises not to write to the arrays again.

        Returns:
            The name.

        Raises:
            NameConflictError: A different object has this name (a `ValueError`).
            ReusedNameError: The name meant another object when it was used here before,
                and `overwrite` is False (a `KeyError`).
            InvalidNameError: The string cannot be a name (a `ValueError`).
            NotImplementedError: `group` is given, but this workspace has no groups.
            TypeError: `obj` is not an object that a workspace can hold, its data is not
                numeric, its dates are too fine to be kept as seconds, or its metadata
                holds a value that cannot be kept.

        Example:
            >>> workspace.add("ramp", np.arange(5.0), group="raw")
            'ramp'
        """
        return add.add(self._session, name, obj, overwrite, group, copy)

    @suggest_on_typo
    def update(
        self,
        objects: Mapping[str, Any],
        *,
        overwrite: bool = True,
        group: str | None = None,
        copy: bool = True,
    ) -> Names:
        """Add several objects: all of them, or none if one cannot be added.

        A running DataLab draws them only when all have been added.

        Args:
            objects: The objects by their names; see `add` for both. A DataFrame of
                pandas stands for its columns, each a signal on its index.
            overwrite: Replace different objects of these names, as ``ws[name] = obj``.
            group: See `add`.
            copy: See `add`.

        Returns:
            The names.

        Raises:
            NameConflictError: Different objects have some of the names, and `overwrite`
                is False (a `ValueError`).
            Exception: Any error that `add` raises for one of the objects.

        Example:
            >>> workspace.update({"a": np.zeros(3), "b": np.ones(3)})
            ['a', 'b']
        """
        return add.update(self._session, objects, overwrite, group, copy)

    @overload
    def get(
        self, name: str, *, copy: bool = True, full: bool = False
    ) -> SignalObj | ImageObj: ...
    @overload
    def get(
        self, name: str, *, default: T, copy: bool = True, full: bool = False
    ) -> SignalObj | ImageObj | T: ...
    @overload
    def get(
        self,
        name: NamesToGet,
        *,
        default: Any = MISSING,
        copy: bool = True,
        full: bool = False,
    ) -> Objects: ...
    @suggest_on_typo
    def get(
        self,
        name: str | NamesToGet,
        *,
        default: Any = MISSING,
        copy: bool = True,
        full: bool = False,
    ) -> Any:
        """Return an object, or the objects of a list of names.

        Args:
            name: Its name, UUID or short id; or a list of these, in which there may be
                lists again, as in the list that `calc` returns.
            default: The value to return if there is no such object, instead of raising.
            copy: Return an independent object. Otherwise the arrays of the object are
                read-only views of those in the workspace. Metadata is always copied.
            full: Also fetch the parts that are slow to fetch for large data in a
                running DataLab: bounds, scales, annotations and the like that were set
                there (see `Description.missing`). Objects in memory are always full.

        Returns:
            A `sigima.SignalObj` or `sigima.ImageObj`. For a list of names, a list of
            them that has the same form.

        Raises:
            KeyError: There is no such object and no `default`; the message names close
                matches.
            TypeError: `name` is neither a string nor a list of strings.
            ReusedNameError: The name meant another object when it was used here before,
                even if there is a `default` (a `KeyError`).
            StaleFileError: The data has not been read from its file yet, and the file
                no longer contains it.
            AmbiguousObjectError: Several objects in DataLab have its title, and only
                the Web API is available (a `ValueError`).

        Example:
            >>> workspace.get("peak").title
            'peak'
        """
        return listing.get(self._session, name, default, copy, full)

    @suggest_on_typo
    def record(self, name: str, *, data: bool = True) -> Record:
        """Return an object as arrays, fields and metadata; this does not need sigima.

        Args:
            name: Its name, UUID or short id.
            data: Include the arrays. Without them, DataLab sends only the rest of a
                large object.

        Returns:
            A record. Its arrays are read-only views, or references if they have not
            been read from their file yet.

        Raises:
            KeyError: There is no such object.

        Example:
            >>> workspace.record("peak").kind
            'signal'
        """
        return listing.get_record(self._session, name, data=data)

    @suggest_on_typo
    def pop(self, name: str, default: Any = MISSING) -> Any:
        """Remove an object and return it.

        Args:
            name: Its name, UUID or short id.
            default: The value to return if there is no such object, instead of raising.

        Raises:
            KeyError: There is no such object and no `default`.

        Example:
            >>> workspace.pop("peak").title
            'peak'
        """
        return listing.pop(self._session, name, default)

    def remove(self, *names: str | NamesToGet) -> None:
        """Remove objects: all of them, or none if one does not exist.

        Args:
            names: Names, UUIDs or short ids; or lists of these, as `calc` returns them.

        Raises:
            KeyError: There is no object with one of the names.
            TypeError: One of them is not a string.

        Example:
            >>> workspace.remove("peak", "noisy")
        """
        edit.remove(self._session, names)

    @old_arguments(old_name="name")
    @suggest_on_typo
    def rename(self, name: str, new_name: str) -> None:
        """Give an object another name, and with it another title.

        Its position, group and UUID stay the same. A rename to the name that it has
        already changes nothing; but if that name meant another object when it was used
        here before, it means this one from then on.

        Args:
            name: Its name, UUID or short id.
            new_name: The new name.

        Raises:
            KeyError: There is no object `name`.
            NameConflictError: Another object has the name `new_name` (a `ValueError`).
            InvalidNameError: `new_name` cannot be a name (a `ValueError`).

        Example:
            >>> workspace.rename("peak", "line")
        """
        edit.rename(self._session, name, new_name)

    def edit(
        self,
        name: str,
        *,
        metadata: Mapping[Any, Any] | None = None,
        roi: Any = MISSING,
        **fields: Any,
    ) -> None:
        """Change labels, units, scales, regions and metadata of an object in place.

        Args:
            name: Its name, UUID or short id.
            metadata: Entries to set; the other entries stay.
            roi: The regions of interest that replace the object's own: a `SignalROI` or
                `ImageROI` of sigima, or the dict that its ``to_dict`` returns. None
                removes all.
            fields: Fields to set: ``xlabel``, ``yunit``, ``zscalemax``, ``x0``…

        Raises:
            KeyError: There is no such object.
            TypeError: There is no such field, or a value has the wrong type. Nothing is
                changed then.
            ValueError: A region does not belong to this kind of object, or it has wrong
                coordinates. Nothing is changed then.

        Example:
            >>> workspace.edit("peak", xunit="s", metadata={"operator": "Ada"})
            >>> workspace.edit("peak", roi=sigima.create_signal_roi([1, 3]))
            >>> workspace.describe("peak").roi_count
            1
        """
        edit.edit(self._session, name, metadata, fields, roi)

    @suggest_on_typo
    def clear(self, *, all: bool = False) -> None:
        """Remove every object that was added here, and forget the project file.

        Args:
            all: Also remove the other objects in a running DataLab. It makes no
                difference for objects in memory.

        Example:
            >>> workspace.clear()
        """
        edit.clear(self._session, all=all)

    # -- lists and descriptions -------------------------------------------------------

    @suggest_on_typo
    def list(
        self,
        kind: Kind | None = None,
        pattern: str | None = None,
        group: str | None = None,
    ) -> Names:
        """Return the names of all objects, or of those that match.

        Args:
            kind: "signal" or "image".
            pattern: A shell pattern for the name, such as ``"fft*"``; it is
                case-sensitive.
            group: Title of a group.

        Returns:
            Names in the order of DataLab's panels, signals before images.

        Raises:
            ValueError: `kind` is not one of these.

        Example:
            >>> workspace.list("signal")
            ['peak', 'noisy']
        """
        return listing.list_objects(self._session, kind, pattern, group)

    @suggest_on_typo
    def exists(self, name: str) -> bool:
        """Return whether there is an object with this name, UUID or short id.

        This is also true of a name that raises a `ReusedNameError`.

        Example:
            >>> workspace.exists("peak")
            True
        """
        return listing.exists(self._session, name)

    @overload
    def describe(self, name: None = None) -> Listing: ...
    @overload
    def describe(self, name: str) -> Description: ...
    @overload
    def describe(self, name: NamesToGet) -> Listing: ...
    @suggest_on_typo
    def describe(self, name: str | NamesToGet | None = None) -> Description | Listing:
        """Describe one object or several, without reading arrays from a file.

        Args:
            name: The object; a list of objects, as `calc` returns it; or None for all
                objects.

        Returns:
            A `Description` of one object. For several, a `Listing` of them: in the
            order of `list`, or in that of the names.

        Raises:
            KeyError: There is no such object.

        Example:
            >>> workspace.describe("peak").short_id
            's001'
        """
        return listing.describe(self._session, name)

    @suggest_on_typo
    def groups(self, kind: Kind | None = None) -> Groups:
        """Return the groups in order, those of signals first.

        Args:
            kind: "signal" or "image", to return only the groups of that panel.

        Example:
            >>> [group.names for group in workspace.groups("signal")]
            [('peak', 'noisy')]
        """
        return listing.list_groups(self._session, kind)

    @suggest_on_typo
    def preview(self, most: int = 100) -> tuple[int, Previews]:
        """Return a quick overview, without reading a file or asking a running DataLab.

        It is meant for showing a workspace, which must neither take long nor fail. For
        objects in DataLab it returns the result of the last look; it looks only if
        there was no look yet, and never fetches data.

        Args:
            most: Number of objects to return. If there are more, the first and the last
                ones are returned.

        Returns:
            The number of all objects, and a `Preview` of each of those.

        Raises:
            LiveError: Nothing is known yet, and DataLab does not answer.

        Example:
            >>> count, previews = workspace.preview(most=10)
            >>> count, previews[0].name
            (3, 'peak')
        """
        return listing.preview(self._session, most)

    @suggest_on_typo
    def browse(self) -> Any:
        """Show the workspace as a panel in a notebook: groups, pictures, search, menu.

        A click shows an object, a double click explores it. The menu of the right mouse
        button, or of the menu key, renames, groups, exports and removes objects. The
        panel follows every change: of this notebook, of DataLab and of others.

        Returns:
            The panel, which a notebook shows if it is the last line of a cell. The
            notebook file keeps a table of the first and last objects.

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
        undo.undo(self._session)

    # -- groups -----------------------------------------------------------------------

    @suggest_on_typo
    def move(self, names: NamesOf, group: str) -> None:
        """Move objects to the end of a group of their panel.

        Args:
            names: One name, UUID or short id, or several.
            group: Title of the group, which is created at the end of the panel if it
                does not exist.

        Raises:
            KeyError: There is no such object; nothing is moved.
            NotSupportedByProtocolError: DataLab has no companion.

        Example:
            >>> workspace.move("noisy", "raw")
            >>> workspace.groups("signal")[-1].names
            ('noisy',)
        """
        edit.move(self._session, names, group)

    @suggest_on_typo
    def rename_group(
        self, group: str, new_title: str, *, kind: Kind | None = None
    ) -> None:
        """Give a group another title.

        Args:
            group: Its title.
            new_title: The title that it gets.
            kind: Its panel, "signal" or "image"; by default the one that has it.

        Raises:
            KeyError: There is no such group.
            ValueError: Both panels have one and `kind` is not given, or another group
                has the new title.
            NotSupportedByProtocolError: DataLab has no companion.

        Example:
            >>> workspace.move("noisy", "raw")
            >>> workspace.rename_group("raw", "measured")
            >>> workspace.groups("signal")[-1].title
            'measured'
        """
        edit.rename_group(self._session, group, new_title, kind)

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
