"""Make the items of a run from a workspace, names, files or objects."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from datalab_workspace.batch.item_names import ItemNames
from datalab_workspace.batch.items import Item, Items
from datalab_workspace.batch.sources.base import ItemSource
from datalab_workspace.batch.sources.files import MeasuredFiles
from datalab_workspace.batch.sources.held_objects import HeldObjects
from datalab_workspace.measured_files import paths
from datalab_workspace.measured_files.options import read_options as checked_options
from datalab_workspace.model.project import Item as Held
from datalab_workspace.model.record import KINDS, Kind
from datalab_workspace.validation import one_of
from datalab_workspace.workspace import Workspace

if TYPE_CHECKING:
    from datalab_workspace.session import Session


def make_items(
    items: Any,
    *,
    workspace: Workspace | None = None,
    kind: Kind | None = None,
    stack: str | None = None,
    read_options: Mapping[str, Any] | None = None,
) -> Items:
    """Return the items of a run. No array and no measured file is read.

    Args:
        items: A workspace; names of objects in `workspace`, or None for all of them;
            or files: a path, a pattern, a folder, or several of these.
        workspace: The workspace that has the names.
        kind: The kind of the objects to take, or as which files are read.
        stack: See `Workspace.read`.
        read_options: Options of the readers of files; see `Workspace.read`.

    Raises:
        FileNotFoundError: A path stands for no file.
        ObjectNotFoundError: There is no object with a name (a `KeyError`).
    """
    if kind is not None:
        one_of(kind, "kind", KINDS)
    options = checked_options(kind, stack, read_options or {})
    if isinstance(items, Workspace):
        workspace, items = items, None
    if workspace is not None:
        session = workspace._session  # noqa: SLF001  # the same package
        return ItemList([_objects_of(session, items, kind)])
    search = paths.search(items)
    for problem in search.missing.values():
        raise problem
    return ItemList([MeasuredFiles(search.files, options)])


class ItemList(Sequence[Item]):
    """The items of a run, made when they are asked for; see `Items`.

    Args:
        sources: Where they come from, in order.
    """

    def __init__(self, sources: Sequence[ItemSource]) -> None:
        self._sources = sources
        self._ends = list(itertools.accumulate(map(len, sources)))
        self._names = ItemNames(len(self), self._label)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> Item:  # type: ignore[override]  # no slices
        source, position = self._find(index)
        return Item(
            index,
            self._names[index],
            source.group(position),
            source.source(position),
            source.identity(position),
            self.fingerprint(index),
        )

    def names(self) -> Iterator[str]:
        """See `Items.names`."""
        return (self._names[index] for index in range(len(self)))

    def fingerprint(self, index: int) -> str:
        """See `Items.fingerprint`; the name counts, because results bear it."""
        source, position = self._find(index)
        return f"{source.fingerprint(position)} {self._names[index]}"

    def _find(self, index: int) -> tuple[ItemSource, int]:
        if not 0 <= index < len(self):
            raise IndexError(f"there is no item {index} among {len(self)}")
        number = bisect.bisect_right(self._ends, index)
        begin = self._ends[number - 1] if number else 0
        return self._sources[number], index - begin

    def _label(self, index: int, level: int) -> str | None:
        source, position = self._find(index)
        return source.label(position, level)


def _objects_of(
    session: Session, names: str | Iterable[str] | None, kind: Kind | None
) -> ItemSource:
    with session.transaction() as transaction:
        backend, book = transaction.backend, transaction.names
        transaction.look()
        if names is None:
            uuids = list(backend.uuids(kind))
        else:
            given = [names] if isinstance(names, str) else list(names)
            uuids = [transaction.uuid(name) for name in given]
        held: list[Held] = []
        groups: list[str | None] = []
        for uuid in uuids:
            found = backend.held(uuid)
            if found is None:
                raise NotImplementedError("items of a running DataLab")
            held.append(found[0])
            groups.append(found[1])
        return HeldObjects(held, [book.name_of(uuid) for uuid in uuids], groups)
