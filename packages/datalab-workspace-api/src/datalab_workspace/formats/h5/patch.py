"""Save a project by changing a copy of the file that it comes from.

The kernel copies the file, or both files share their blocks. HDF5 then changes only
what differs in the copy, which takes the place of the old file when it is complete. So
a save is all or nothing, and what has not changed is neither read nor written.

Space that is no longer used stays in the file as waste, and the index counts it. The
data of removed objects is overwritten.
"""

from __future__ import annotations

import os
from io import FileIO
from pathlib import Path
from typing import Any

import h5py
from h5py import h5d, h5g

from datalab_workspace.errors import WorkspaceError
from datalab_workspace.formats.atomic import FileStamp, Replacement, replacing
from datalab_workspace.formats.base import WriteResult
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.changes import (
    Changes,
    GroupMember,
    ObjectMember,
    compare,
    number_in,
)
from datalab_workspace.formats.h5.checksums import (
    BLOCK,
    Extent,
    StructureChecksum,
    subtract_extents,
    unpack_extents,
)
from datalab_workspace.formats.h5.contents import Contents
from datalab_workspace.formats.h5.elements import (
    chunk_extents,
    write_elements,
    write_in_chunks,
)
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.integrity import read_manifest
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.manifest import Manifest, Rows
from datalab_workspace.formats.h5.open_file import opened
from datalab_workspace.formats.h5.plan import ArraySlot, ObjectPlan, plan_object
from datalab_workspace.formats.h5.sources import Sources, file_array
from datalab_workspace.formats.h5.staging import Staging
from datalab_workspace.formats.h5.structure import Structure
from datalab_workspace.formats.raw_io import (
    copy_file,
    open_regular,
    read_exactly,
    write_all,
)
from datalab_workspace.model.project import Project
from datalab_workspace.model.record import PRIMARY_ARRAY, Kind
from datalab_workspace.progress import Progress

#: The largest part of a file that may be waste.
_MOST_WASTE = 0.25
#: The room that the attributes of an object take, which is wasted when they change.
_ATTRIBUTES = 4096
_MOVING = b"moving"
_ZEROS = bytes(1 << 20)


class CannotPatchError(Exception):
    """The file must be written as a whole."""


def patch_project(
    path: Path, project: Project, contents: Contents, expected: FileStamp | None
) -> WriteResult | None:
    """Save a project by changing a copy of the file that it comes from.

    Args:
        path: The new file.
        project: The project.
        contents: The content of the file that it comes from.
        expected: The stamp that an existing file must have; None for any.

    Returns:
        See `write_project`; None if the file must be written as a whole.
    """
    if not contents.is_current():
        return None
    changes = compare(contents, project)
    if changes is None or not _is_worth_it(path, contents, changes):
        return None
    plans = {
        member: plan_object(member.item, contents, project.history)
        for member in changes.objects
        if member.changed
    }
    size = contents.stamp.size + sum(plan.plain.nbytes for plan in plans.values())
    try:
        with (
            replacing(path, expected=expected, size=size) as new,
            Progress(f"saving {path.name!r}", size) as progress,
            Sources(keep_layouts=True) as sources,
        ):
            before = _copy(contents, new.file, progress)
            patch = _Patch(contents, changes, plans, sources, progress)
            manifest, structure = patch.apply(new, before)
    except CannotPatchError:
        return None
    assert new.stamp is not None
    written = Contents.written(
        path, new.stamp, project, manifest.columns, manifest.details, structure
    )
    written.note_unchanged(contents)
    references = written.references
    for plan in plans.values():
        written.note_written(plan, references[plan.record.uuid])
    return WriteResult(new.stamp, references, written)


def _is_worth_it(path: Path, contents: Contents, changes: Changes) -> bool:
    """Return whether to change a copy of the file, which keeps its waste."""
    index = contents.index
    assert index is not None
    waste = index.columns.get("waste", 0)
    for row, _ in changes.removed:
        waste += sum(size for _, size in index.extents(row))
    for member in changes.objects:
        if member.changed and member.old is not None:
            waste += index.freed_by(member.old, member.item)
    if waste > _MOST_WASTE * contents.stamp.size:
        return False
    # A file that is written for others must not contain what was removed.
    return not changes.removed or (
        path == contents.path
        and not any(index.is_in_chunks(row) for row, _ in changes.removed)
    )


def _copy(contents: Contents, file: FileIO, progress: Progress) -> StructureChecksum:
    """Copy the old file; return the checksum of its structure.

    Raises:
        CannotPatchError: It has changed, or differs from its checksum.
    """
    try:
        with open_regular(contents.path) as source:
            _check(FileStamp.of(source.fileno()) == contents.stamp)
            structure = contents.structure or _structure(contents)
            copy_file(source, file, contents.stamp.size, progress.advance)
            _check(FileStamp.of(source.fileno()) == contents.stamp)
            return structure
    except (EOFError, FileNotFoundError, WorkspaceError) as error:
        raise CannotPatchError from error


def _check(condition: bool) -> None:
    if not condition:
        raise CannotPatchError


def _structure(contents: Contents) -> StructureChecksum:
    """Compare the structure of a file that was opened lazily with its checksum."""
    with opened(contents.path, Limits()) as project:
        manifest = read_manifest(project)
        same = project.stamp == contents.stamp and manifest.state == "intact"
    if not same or manifest.structure is None:
        raise CannotPatchError
    return manifest.structure


class _Patch:
    """The changes to the copy of one file."""

    def __init__(
        self,
        contents: Contents,
        changes: Changes,
        plans: dict[ObjectMember, ObjectPlan],
        sources: Sources,
        progress: Progress,
    ) -> None:
        assert contents.index is not None
        self._contents = contents
        self._index = contents.index
        self._columns = contents.index.columns
        self._changes = changes
        self._plans = plans
        self._sources = sources
        self._progress = progress
        self._old_groups: dict[int, Any] = {}
        #: Parts of the file that arrays used which are replaced or removed.
        self._freed: list[Extent] = []

    def apply(
        self, new: Replacement, before: StructureChecksum
    ) -> tuple[Manifest, StructureChecksum]:
        """Change the copy.

        Args:
            new: The copy.
            before: The checksum of its structure.

        Returns:
            Its manifest, and the checksum of its structure.
        """
        kept = self._extents(new.file)
        self._erase(new.file)
        staging = Staging(new.file, self._contents.stamp.size)
        with staging.hdf5() as file:
            filters = self._contents.compression
            structure = Structure(file, filters, self._sources.layout)
            self._change(file.id, structure)
            structure.close()
            for plan in self._plans.values():
                write_in_chunks(plan, self._sources, self._progress)
            manifest = self._manifest(file, kept)
            # Removed last, so that the new manifest takes its place and nothing else.
            del file[layout.MANIFEST]
            manifest.reserve(file)
        staging.finish()
        for plan in self._plans.values():
            write_elements(plan, new.file, self._sources, self._progress)
        changed = staging.written_blocks(BLOCK)
        changed.update(
            block
            for offset, size in self._freed
            for block in range(offset // BLOCK, (offset + size) // BLOCK + 1)
        )
        size = os.fstat(new.file.fileno()).st_size
        return manifest, manifest.write(
            new.file, new.mtime_ns, size, before=before, changed=changed
        )

    def _extents(self, file: FileIO) -> list[Extent]:
        """Return the extents of all arrays in the old file."""
        content = bytearray(self._columns["extents"][0])
        file.seek(self._columns["details"][0] + self._index.starts[-1])
        read_exactly(file, memoryview(content))
        return unpack_extents(content)

    def _erase(self, file: FileIO) -> None:
        """Overwrite the arrays of removed objects."""
        for row, _ in self._changes.removed:
            for offset, size in self._index.extents(row):
                self._freed.append((offset, size))
                file.seek(offset)
                for start in range(0, size, len(_ZEROS)):
                    write_all(file, memoryview(_ZEROS)[: size - start])

    def _manifest(self, file: h5py.File, kept: list[Extent]) -> Manifest:
        members = self._changes.objects
        rows = Rows.of(self._index, [None if m.changed else m.old for m in members])
        rows.name = [member.name for member in members]
        rewritten = sum(member.old is not None for member in self._plans)
        waste = (
            self._columns.get("waste", 0)
            + file.id.get_freespace()
            + _ATTRIBUTES * (rewritten + len(self._changes.removed))
        )
        return Manifest(
            [
                [g.group.kind, g.group.title, g.path, len(g.objects)]
                for g in self._changes.groups
            ],
            rows,
            {n: self._plans[m] for n, m in enumerate(members) if m.changed},
            sections=self._columns["sections"],
            kept=subtract_extents(kept, self._freed),
            compression=self._contents.compression,
            waste=waste,
        )

    # -- HDF5 groups ------------------------------------------------------------------

    def _change(self, root: Any, structure: Structure) -> None:
        """Create, change, move and remove HDF5 groups."""
        moving = h5g.create(root, _MOVING)
        panels = self._panels(root, structure)
        names = self._columns["name"]
        for row, number in self._changes.removed:
            self._old_group(root, number).unlink(names[row].encode())
        for member in self._changes.objects:
            if member.moves and member.old is not None:
                old = self._old_group(root, member.parent)
                old.links.move(member.old_name.encode(), moving, b"%d" % member.old)
        groups = self._changes.groups
        found = [self._take_out(root, group, panels, moving) for group in groups]
        for number in self._changes.removed_groups:
            kind, _, path, _ = self._columns["groups"][number]
            panels[kind].unlink(path.rpartition("/")[2].encode())
        for group, low_level in zip(groups, found, strict=True):
            self._put_back(group, low_level, panels, moving, structure)
        root.unlink(_MOVING)
        for kind, panel in panels.items():
            if not panel.get_num_objs():
                root.unlink(layout.SECTIONS[kind].encode())

    def _panels(self, root: Any, structure: Structure) -> dict[Kind, Any]:
        """Return the low-level groups of the panels that the old or new file has."""
        panels: dict[Kind, Any] = {}
        for kind, section in layout.SECTIONS.items():
            if root.links.exists(section.encode()):
                panels[kind] = h5g.open(root, section.encode())
            elif any(group.group.kind == kind for group in self._changes.groups):
                panels[kind] = structure.create_panel(kind)
        return panels

    def _old_group(self, root: Any, number: int) -> Any:
        """Return the low-level group of a group of the old file."""
        if number not in self._old_groups:
            path = self._columns["groups"][number][2]
            self._old_groups[number] = h5g.open(root, path.encode())
        return self._old_groups[number]

    def _take_out(
        self, root: Any, group: GroupMember, panels: dict[Kind, Any], moving: Any
    ) -> Any:
        """Return the low-level group of a group, out of its panel if it moves."""
        if group.old is None:
            return None
        low_level = self._old_group(root, group.old)
        if group.moves:
            panel = panels[group.group.kind]
            panel.links.move(group.old_name.encode(), moving, b"g%d" % group.old)
        return low_level

    def _put_back(
        self,
        group: GroupMember,
        low_level: Any,
        panels: dict[Kind, Any],
        moving: Any,
        structure: Structure,
    ) -> None:
        """Bring a group and its objects into their new form."""
        panel = panels[group.group.kind]
        if group.old is None:
            low_level = structure.create_group(panel, group.name, group.title)
        elif group.moves:
            moving.links.move(b"g%d" % group.old, panel, group.name.encode())
        if group.renamed:
            structure.change_title(low_level, group.title)
        for member in group.objects:
            name = member.name.encode()
            if member.moves and member.old is not None:
                moving.links.move(b"%d" % member.old, low_level, name)
            if not member.changed:
                continue
            plan = self._plans[member]
            plan.name, plan.path = member.name, f"{group.path}/{member.name}"
            plan.number = number_in(member.name)
            if member.old is None:
                structure.create_object(low_level, plan)
            else:
                owner = h5g.open(low_level, name)
                self._keep_arrays(plan, member.old, owner)
                structure.rewrite_object(owner, plan)

    def _keep_arrays(self, plan: ObjectPlan, row: int, owner: Any) -> None:
        """Create the slots of the arrays that the file holds already."""
        self._freed += self._index.extents(row)
        primary = PRIMARY_ARRAY[plan.plain.kind].encode()
        if self._index.is_in_chunks(row):
            self._freed += chunk_extents(h5d.open(owner, primary))
        for name, array in plan.plain.arrays.items():
            stored = file_array(array)
            if stored is None or not self._is_here(stored, plan, name):
                continue
            slot = ArraySlot(name, array, stored.offset, crc=stored.ensure_checksum())
            slot.is_stored = True
            if stored.offset is None:
                slot.chunks = chunk_extents(h5d.open(owner, name.encode()))
            plan.slots[name] = slot

    def _is_here(self, stored: FileArray, plan: ObjectPlan, name: str) -> bool:
        contents = self._contents
        where = (stored.path, stored.stamp, stored.uuid, stored.name)
        return where == (contents.path, contents.stamp, plan.record.uuid, name)
