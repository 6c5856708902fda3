"""Make the items of a run from what the user passes: a workspace, files or objects."""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from datalab_workspace.batch.items.item import Items
from datalab_workspace.batch.items.listed_items import ItemList
from datalab_workspace.batch.items.sources.base import ItemSource
from datalab_workspace.batch.items.sources.held_objects import (
    HeldObjects,
    distinguish,
)
from datalab_workspace.batch.items.sources.live_objects import (
    LiveObject,
    LiveObjects,
    check_size,
)
from datalab_workspace.batch.items.sources.paths import sources_of_paths
from datalab_workspace.errors import ObjectNotFoundError, UnsupportedObjectError
from datalab_workspace.measured_files.options import (
    ReadOptions,
)
from datalab_workspace.measured_files.options import (
    read_options as checked_options,
)
from datalab_workspace.model.naming import UNTITLED, as_name, assign_names
from datalab_workspace.model.project import Item as Held
from datalab_workspace.model.record import KINDS, Kind, Record
from datalab_workspace.model.sigima_objects import object_kind, to_record
from datalab_workspace.validation import one_of
from datalab_workspace.workspace import Workspace

if TYPE_CHECKING:
    from datalab_workspace.measured_files.paths import Paths
    from datalab_workspace.session import Session

ItemsLike: TypeAlias = "Workspace | Paths | Iterable[Any] | Mapping[str, Any] | None"


def make_items(
    items: ItemsLike,
    *,
    workspace: Workspace | None = None,
    kind: Kind | None = None,
    stack: str | None = None,
    read_options: Mapping[str, Any] | None = None,
) -> Items:
    """Return the items of a run. No array and no measured file is read.

    Args:
        items: A workspace; names of objects in `workspace`, or None for all of them;
            files: a path, a pattern, a folder, or several of these, where a project
            file stands for its objects; or objects: a list of them, or a dict with
            their names.
        workspace: The workspace that has the names.
        kind: "signal" or "image" to take the objects of this kind, and to read files
            that may be both as such.
        stack: See `Workspace.read`.
        read_options: Options of the readers of files; see `Workspace.read`.

    Raises:
        FileNotFoundError: A path stands for no file, or a folder has no measured file.
        ObjectNotFoundError: There is no object with a name (a `KeyError`).
        ValueError: There are no items, an option concerns none of them, or an object of
            a running DataLab is too large to be sent.
        TypeError: `items` is something else.
    """
    if kind is not None:
        one_of(kind, "kind", KINDS)
    options = checked_options(kind, stack, read_options or {})
    if isinstance(items, Workspace):
        workspace, items = items, None
    if workspace is not None:
        session = workspace._session  # noqa: SLF001  # the same package
        sources = [_of_workspace(session, items, kind)]
    else:
        sources = list(_of_arguments(items, options, kind))
    distinguish(sources)
    made = ItemList(sources)
    if not len(made):
        what = "objects" if kind is None else f"{kind}s"
        raise ValueError(f"there are no items: {_described(items)} has no {what}")
    return made


# -- workspaces -----------------------------------------------------------------------


def _of_workspace(session: Session, names: Any, kind: Kind | None) -> ItemSource:
    """Return the objects of a workspace as items, as they are now."""
    with session.transaction() as transaction:
        backend, book = transaction.backend, transaction.names
        transaction.look()
        uuids = _chosen(names, transaction.uuid, backend.uuids)
        uuids = [u for u in uuids if kind in (None, backend.kind_of(u))]
        own = {uuid: book.name_of(uuid) for uuid in uuids}
        found = [backend.held(uuid) for uuid in uuids]
        if None not in found:
            held = [each[0] for each in found if each is not None]
            groups = [each[1] for each in found if each is not None]
            return HeldObjects(held, list(own.values()), groups)
        for uuid, name in own.items():
            check_size(name, backend.preview(uuid)[0].nbytes)
        listed = [LiveObject(u, n, backend.group_of(u) or "") for u, n in own.items()]
    return LiveObjects(session, listed)


def _chosen(names: Any, find: Any, all_uuids: Any) -> list[str]:
    """Return the UUIDs of objects by their names, each once."""
    if names is None:
        return list(all_uuids())
    given = [names] if isinstance(names, str) else list(names)
    try:
        return list(dict.fromkeys(find(name) for name in given))
    except ObjectNotFoundError as error:
        if not any(map(_is_of_files, given)):
            raise
        raise ObjectNotFoundError(
            f"{error}; names of files are items of batch.map, without workspace="
        ) from error


def _is_of_files(name: Any) -> bool:
    """Return whether a string that is not a name stands for files."""
    return isinstance(name, str | os.PathLike) and (
        glob.has_magic(str(name)) or Path(name).exists()
    )


# -- files and objects ----------------------------------------------------------------


def _of_arguments(
    items: Any, options: ReadOptions, kind: Kind | None
) -> Iterator[ItemSource]:
    if items is None:
        raise TypeError("expected items; pass a workspace, files or objects")
    if isinstance(items, str | os.PathLike):
        yield from sources_of_paths(items, options, kind)
    elif isinstance(items, Mapping):
        yield _of_objects(list(items.values()), kind, list(items))
    elif _is_object(items):
        yield _of_objects([items], kind)
    elif isinstance(items, Iterable):
        for are_paths, some in itertools.groupby(_checked(items), _is_path):
            if are_paths:
                yield from sources_of_paths(some, options, kind)
            else:
                yield _of_objects(list(some), kind)
    else:
        raise TypeError(
            f"expected a workspace, files or objects for items, got "
            f"{type(items).__name__}"
        )


def _is_path(value: Any) -> bool:
    """Return whether a value is a path, or a list that begins with one."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, str | os.PathLike)


def _is_object(value: Any) -> bool:
    """Return whether a value is one object, and not several."""
    if isinstance(value, Record) or object_kind(value) is not None:
        return True
    return isinstance(value, np.ndarray) and value.ndim < 3


def _checked(items: Iterable[Any]) -> Iterable[Any]:
    """Return items, unless they are the arrays of one signal.

    Raises:
        TypeError: They are a tuple of equally long arrays.
    """
    if isinstance(items, tuple) and len(items) in (2, 3, 4):
        shapes = {np.shape(a) for a in items if isinstance(a, np.ndarray)}
        if len(shapes) == 1 and len(next(iter(shapes))) == 1:
            raise TypeError(
                "a tuple of arrays may be one signal or several; pass [(x, y)] for one "
                "signal, or a list of arrays for several"
            )
    return items


def _of_objects(
    objects: Sequence[Any], kind: Kind | None, names: Sequence[Any] = ()
) -> ItemSource:
    """Return objects as items. Their arrays are not copied."""
    held: list[Held] = []
    for number, obj in enumerate(objects, 1):
        name = names[number - 1] if names else ""
        record = _record(obj, number, name)
        if kind in (None, record.kind):
            held.append(record)
    unique = assign_names([_Named(number, r) for number, r in enumerate(held)], {})
    return HeldObjects(held, list(unique.values()))


class _Named:
    """An object of a list, which may be there several times."""

    def __init__(self, number: int, held: Held) -> None:
        self.uuid = str(number)
        self.kind = held.kind
        self.title = held.title


def _record(obj: Any, number: int, name: Any) -> Record:
    """Return the record of an object of a list."""
    if isinstance(obj, Record):
        record = obj
    else:
        try:
            record = to_record(obj, copy=False)
        except UnsupportedObjectError as error:
            raise UnsupportedObjectError(f"item {number}: {error}") from None
    title = as_name(str(name)) if name else record.title
    if not title or title == UNTITLED:
        title = f"item {number}"
    if title == record.title:
        return record
    renamed = record.copy(views=True)
    renamed.fields["title"] = title
    return renamed


def _described(items: Any) -> str:
    if items is None:
        return "the workspace"
    return f"the {type(items).__name__}"
