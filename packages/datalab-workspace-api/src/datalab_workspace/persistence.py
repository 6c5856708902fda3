"""How a workspace and project files meet: conflicts, all or nothing, nothing lost."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias
from uuid import uuid4

from datalab_workspace.arguments import one_of
from datalab_workspace.backends.base import Backend, Entry
from datalab_workspace.equality import equal
from datalab_workspace.errors import (
    NameConflictError,
    NotAProjectError,
    ObjectNotFoundError,
)
from datalab_workspace.formats.sidecar import RestoredArray
from datalab_workspace.naming import NameBook, assign_names, free_name
from datalab_workspace.project import Group, Item, Project
from datalab_workspace.record import (
    Array,
    ArrayReference,
    PendingRecord,
    Record,
)

if TYPE_CHECKING:
    from datalab_workspace.formats.h5.atomic import FileStamp

OnConflict: TypeAlias = Literal["error", "replace", "rename", "skip"]
_CHOICES = ("error", "replace", "rename", "skip")


@dataclass
class _Plan:
    """What a load will do, once it is known that nothing stands against it.

    Attributes:
        groups: Groups that there are to be, without objects.
        steps: In the order of the file, objects to append and those to replace.
        names: Names of the new objects by UUID.
        loaded: Names of all objects of the file that will be here.
        skipped: Names of those that will not.
        conflicts: Names for which no choice was made.
    """

    groups: list[Group] = field(default_factory=list)
    steps: list[Group | Record] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    loaded: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)

    def append(self, group: Group, item: Item) -> None:
        """Have an object appended to a group like that of the file."""
        last = self.steps[-1] if self.steps else None
        if not (
            isinstance(last, Group)
            and (last.kind, last.title) == (group.kind, group.title)
        ):
            last = Group(group.kind, group.title)
            self.steps.append(last)
        last.items.append(item)


class ProjectLink:
    """Which project files a workspace loaded and saved, and what they held besides.

    Attributes:
        path: The file that `save` goes to when it is given none.
        modified: Something changed since that file was loaded or saved.
    """

    def __init__(self, backend: Backend, names: NameBook) -> None:
        self._backend = backend
        self._names = names
        self.forget()

    def forget(self) -> None:
        """Forget all files, and the macros and history that they held."""
        self.path: Path | None = None
        self.modified = False
        self._stamps: dict[Path, FileStamp] = {}
        self._foreign: list[bytes] = []

    # -- save -------------------------------------------------------------------------

    def save(
        self,
        path: str | os.PathLike[str] | None,
        uuids: set[str] | None,
        compression: str | tuple[str, int] | None,
        overwrite: bool,
    ) -> Path:
        """See `Workspace.save`."""
        from datalab_workspace.formats.h5.writer import write_project

        target = self._target(path)
        known = self._stamps.get(target)
        groups = self._backend.content()
        if uuids is not None:
            self._check_partial(target, groups, uuids)
            groups = _only(groups, uuids)
        foreign = self._foreign if uuids is None or known is not None else []
        stamp, references = write_project(
            target,
            Project(groups, foreign),
            compression=compression,
            expected=None if overwrite or not target.exists() else known,
        )
        self._stamps[target] = stamp
        if uuids is None:
            self.path, self.modified = target, False
        if uuids is None or known is not None:
            _repoint(groups, references)
        return target

    def _target(self, path: str | os.PathLike[str] | None) -> Path:
        if path is not None:
            return _absolute(path)
        if self.path is None:
            raise ValueError(
                "there is no file to save to yet; call save(path) with the path of one"
            )
        return self.path

    def _check_partial(
        self, target: Path, groups: Iterable[Group], uuids: set[str]
    ) -> None:
        left_out = [
            self._names.name_of(item.uuid)
            for group in groups
            for item in group.items
            if isinstance(item, Record)
            and item.uuid not in uuids
            and any(_source(array) == target for array in item.arrays.values())
        ]
        if left_out:
            raise ValueError(
                f"saving only some objects to {str(target)!r} would destroy the data "
                f"of {_listed(left_out)}, which has not been read from that file yet; "
                "save to another file, or save all"
            )

    # -- load -------------------------------------------------------------------------

    def load(
        self,
        path: str | os.PathLike[str],
        names: Iterable[str] | None,
        on_conflict: OnConflict,
        lazy: bool,
    ) -> list[str]:
        """See `Workspace.load`."""
        one_of(on_conflict, "on_conflict", _CHOICES)
        source = _absolute(path)
        project, stamp = _read_file(source, lazy=lazy or names is not None)
        file_names = assign_names(project.items(), {})
        groups = project.groups
        if names is not None:
            groups = _only(groups, _chosen(file_names, list(names), source))
            if not lazy:
                groups = [_read(group) for group in groups]
        before = self._backend.entries()
        plan = self._plan(before, groups, file_names, on_conflict)
        if plan.conflicts:
            raise NameConflictError(
                f"loading {str(source)!r}: the workspace holds other objects under "
                f"these names: {_listed(plan.conflicts)}; pass "
                'on_conflict="replace", "rename" or "skip"'
            )
        self._carry_out(plan)
        self._foreign += [f for f in project.foreign if f not in self._foreign]
        if stamp is not None:
            self._stamps[source] = stamp
        if stamp is not None and names is None and not plan.skipped:
            # Saving there without being asked for a path would lose nothing.
            self.path = source
            self.modified = len(before) + len(plan.names) > len(plan.loaded)
        else:
            self.modified |= bool(plan.steps)
        return plan.loaded

    def _plan(
        self,
        entries: Sequence[Entry],
        groups: Sequence[Group],
        file_names: Mapping[str, str],
        choice: OnConflict,
    ) -> _Plan:
        plan = _Plan()
        used = {self._names.name_of(entry.uuid) for entry in entries}
        here = {entry.uuid: entry.title for entry in entries}
        known = {
            item.uuid
            for group in groups
            for item in group.items
            if here.get(item.uuid) == item.title
        }
        for group in groups:
            some_new = not group.items
            for item in group.items:
                name = file_names[item.uuid]
                twin = self._twin(item, name, known)
                if twin is not None and self._settle(plan, item, twin, choice):
                    continue
                if name in used:
                    name = free_name(name, used)
                used.add(name)
                if item.uuid in here:
                    item = _with_uuid(item, str(uuid4()))
                plan.names[item.uuid] = name
                plan.loaded.append(name)
                plan.append(group, item)
                some_new = True
            if some_new:
                plan.groups.append(Group(group.kind, group.title))
        return plan

    def _twin(self, item: Item, name: str, known: set[str]) -> str | None:
        """Return the UUID of the object here that `item` is, or whose name it has.

        Args:
            item: An object of a file.
            name: Its name there.
            known: UUIDs of the file's objects that are here, under whatever names;
                none of them is taken for another of the file's objects.
        """
        if item.uuid in known:
            return item.uuid
        holder = self._names.uuid_of(name)
        return None if holder in known else holder

    def _settle(self, plan: _Plan, item: Item, twin: str, choice: OnConflict) -> bool:
        """Decide about an object whose name is in use; False: it is to be added."""
        record = item.resolve() if isinstance(item, PendingRecord) else item
        stored = self._backend.record(twin)
        name = self._names.name_of(twin)
        if equal(stored, record):
            plan.loaded.append(name)
        elif choice == "replace":
            record = dataclasses.replace(record, uuid=twin)
            record.fields["title"] = stored.fields["title"]
            plan.steps.append(record)
            plan.loaded.append(name)
        elif choice == "skip":
            plan.skipped.append(name)
        elif choice == "rename":
            return False
        else:
            plan.conflicts.append(name)
        return True

    def _carry_out(self, plan: _Plan) -> None:
        self._backend.extend(plan.groups)
        for step in plan.steps:
            if isinstance(step, Group):
                self._backend.extend([step])
            else:
                self._backend.replace(step.uuid, step)
        for uuid, name in plan.names.items():
            self._names.bind(uuid, name)


def _read_file(source: Path, *, lazy: bool) -> tuple[Project, FileStamp | None]:
    """Read a project, or a file of datalab-kernel 0.2; that is nowhere to save to."""
    from datalab_workspace.formats.h5.reader import read_project

    try:
        return read_project(source, lazy=lazy)
    except NotAProjectError:
        from datalab_workspace.formats import legacy

        if not legacy.is_legacy(source):
            raise
        return legacy.read_legacy(source), None


def _absolute(path: str | os.PathLike[str]) -> Path:
    text = os.fspath(path)
    if not isinstance(text, str):
        raise TypeError(f"a path is a text or a Path, not {type(text).__name__}")
    if not text:
        raise ValueError("the path is empty")
    # Resolved now, so that a later os.chdir does not move it; resolve() would
    # replace a symbolic link by its target in what the user sees. Unlike Path's,
    # this expanduser() leaves a user that does not exist to be a folder that doesn't.
    return Path(os.path.abspath(os.path.expanduser(text)))  # noqa: PTH100, PTH111


def _only(groups: Iterable[Group], uuids: Iterable[str]) -> list[Group]:
    wanted = set(uuids)
    kept = (
        Group(g.kind, g.title, [item for item in g.items if item.uuid in wanted])
        for g in groups
    )
    return [group for group in kept if group.items]


def _chosen(file_names: Mapping[str, str], names: list[str], source: Path) -> list[str]:
    uuid_of = {name: uuid for uuid, name in file_names.items()}
    for name in names:
        if name not in uuid_of:
            raise ObjectNotFoundError.among(name, list(uuid_of), str(source))
    return [uuid_of[name] for name in names]


def _read(group: Group) -> Group:
    items: list[Item] = []
    for item in group.items:
        record = item.resolve() if isinstance(item, PendingRecord) else item
        for name in record.arrays:
            record.arrays[name] = record.array(name)
        items.append(record)
    return Group(group.kind, group.title, items)


def _with_uuid(item: Item, uuid: str) -> Item:
    if isinstance(item, Record):
        return dataclasses.replace(item, uuid=uuid)
    resolve = item.resolve
    return dataclasses.replace(
        item, uuid=uuid, resolve=lambda: dataclasses.replace(resolve(), uuid=uuid)
    )


def _source(array: Array) -> Path | None:
    plain = array.plain if isinstance(array, RestoredArray) else array
    path = getattr(plain, "path", None)
    return path if isinstance(path, Path) else None


def _repoint(
    groups: Iterable[Group], references: Mapping[str, Mapping[str, ArrayReference]]
) -> None:
    """Point the arrays that have not been read yet into the file just written."""
    for group in groups:
        for item in group.items:
            if not isinstance(item, Record):
                continue
            for name, array in item.arrays.items():
                written = references.get(item.uuid, {}).get(name)
                if written is None:
                    continue
                if isinstance(array, RestoredArray):
                    item.arrays[name] = RestoredArray(written, array.spec)
                elif isinstance(array, ArrayReference):
                    item.arrays[name] = written


def _listed(names: list[str], limit: int = 20) -> str:
    shown = ", ".join(map(repr, names[:limit]))
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return shown + more
