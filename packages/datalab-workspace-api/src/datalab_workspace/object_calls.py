"""The calls of a workspace that store its objects, return them and change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from datalab_workspace.model.record import Record
from datalab_workspace.operations import add, edit, listing
from datalab_workspace.operations.mapping import MISSING, Names, NamesToGet, Objects
from datalab_workspace.session import Session
from datalab_workspace.validation import old_arguments, suggest, suggest_on_typo

if TYPE_CHECKING:
    from sigima import ImageObj, SignalObj

T = TypeVar("T")


class ObjectCalls:
    """The calls of a workspace that concern single objects and their data."""

    _session: Session

    @old_arguments("overwrite")
    @suggest(surplus="x and y make one object, a pair, as in add(name, (x, y))")
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
    def rename(self, name: str, new_name: str) -> str:
        """Give an object another name, and with it another title.

        Its position, group and UUID stay the same. A rename to the name that it has
        already changes nothing; but if that name meant another object when it was used
        here before, it means this one from then on.

        Args:
            name: Its name, UUID or short id.
            new_name: The new name.

        Returns:
            The new name.

        Raises:
            KeyError: There is no object `name`.
            NameConflictError: Another object has the name `new_name` (a `ValueError`).
            InvalidNameError: `new_name` cannot be a name (a `ValueError`).

        Example:
            >>> workspace.rename("peak", "line")
            'line'
        """
        return edit.rename(self._session, name, new_name)

    @suggest(surplus="pass what changes by name, as in edit(name, xlabel='Time')")
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
