"""Write objects to files for other programs: all of them, or none."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedRandom
from pathlib import Path
from typing import Any

import numpy as np

from datalab_workspace.error_messages import add_note, list_names
from datalab_workspace.errors import ExportError
from datalab_workspace.export_formats.base import (
    PARTS,
    ExportFormat,
    NamedRecord,
    data_problem,
    missing_parts,
)
from datalab_workspace.export_formats.formats import find_format, suffixes
from datalab_workspace.export_formats.targets import (
    Target,
    check_paths,
    choose_targets,
)
from datalab_workspace.formats.atomic import replacing
from datalab_workspace.model.name_lists import NamesOf, listed
from datalab_workspace.model.record import Record
from datalab_workspace.progress import Progress
from datalab_workspace.session import Session
from datalab_workspace.validation import warn_caller

#: Bytes of data that are kept between the check and the export, so that they need not
#: be fetched or read again.
_KEPT = 256 * 2**20


def export(
    session: Session,
    names: NamesOf,
    path: str | os.PathLike[str],
    file_format: str | None,
    overwrite: bool,
    lossy: bool,
) -> Path | list[Path]:
    """See `Workspace.export`."""
    objects = _Objects(session, names)
    if not objects.names:
        raise ExportError("there is nothing to export: names is empty")
    targets = choose_targets(objects.names, path, file_format)
    check_paths(targets, overwrite=overwrite)
    total = 2 * len(objects.names)
    with Progress(f"exporting {len(objects.names)} objects", total) as progress:
        formats = _checked(objects, targets, lossy, progress)
        with _all_or_nothing(targets) as written:
            for target in targets:
                _write(objects, target, formats[target.path], lossy, progress)
                written.append(target)
    paths = [target.path for target in targets]
    return paths[0] if isinstance(names, str) else paths


class _Objects:
    """The objects to export, each fetched when it is needed.

    Attributes:
        names: Their names in the workspace.
    """

    def __init__(self, session: Session, names: NamesOf) -> None:
        self._session = session
        wanted = listed(names)

        def resolve(transaction: Any) -> list[tuple[str, str]]:
            uuids = dict.fromkeys(map(transaction.uuid, wanted))
            return [(transaction.names.name_of(uuid), uuid) for uuid in uuids]

        self._uuids = dict(session.run(resolve))
        self.names = list(self._uuids)
        self._kept: dict[str, Record] = {}
        self._room = _KEPT

    def get(self, name: str) -> NamedRecord:
        """Return an object; remember it if there is room."""
        record = self._kept.get(name)
        if record is None:
            uuid = self._uuids[name]
            record = self._session.run(lambda t: t.record(uuid, full=True))
            if record.nbytes <= self._room:
                self._room -= record.nbytes
                self._kept[name] = record
        return NamedRecord(name, record)


def _checked(
    objects: _Objects, targets: Sequence[Target], lossy: bool, progress: Progress
) -> dict[Path, ExportFormat]:
    """Return the format of each file; raise or warn if it cannot hold everything."""
    formats: dict[Path, ExportFormat] = {}
    problems: list[str] = []
    unknown: list[str] = []
    missing: dict[str, list[str]] = {}
    for target in targets:
        first: np.ndarray[Any, Any] | None = None
        for name in target.names:
            named = objects.get(name)
            found = find_format(target.suffix, named.record.kind)
            progress.advance(1)
            if found is None:
                unknown.append(f"{name!r:.80}: {_no_format(named.record, target)}")
                continue
            formats[target.path] = found
            problem = data_problem(named.record, found)
            if problem is not None and _is_refused(named.record, lossy):
                problems.append(f"{name!r:.80}: {problem}")
            for part in missing_parts(named.record, found):
                missing.setdefault(part, []).append(name)
            if len(target.names) > 1:
                first = _common_x(named, target, found, first)
    if unknown:
        raise ExportError(_refusal(unknown))
    if problems:
        raise ExportError(f"{_refusal(problems)}{'' if lossy else _REMEDY}")
    _warn(missing, targets[0].suffix)
    return formats


def _is_refused(record: Record, lossy: bool) -> bool:
    return not lossy or record.data is None


def _no_format(record: Record, target: Target) -> str:
    listed = ", ".join(suffixes(record.kind))
    return (
        f"there is no format for {record.kind}s with the suffix {target.suffix!r}, "
        f"only {listed}"
    )


def _refusal(problems: list[str]) -> str:
    shown = "; ".join(problems[:5])
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    return f"nothing was exported. {shown}{more}"


_REMEDY = (
    ". Export it in another format (.npy and .tif hold numbers of any kind), save a "
    "project, or pass lossy=True if the data may change: masked values become NaN, "
    "values beyond those of a picture are scaled to its range"
)


def _common_x(
    named: NamedRecord,
    target: Target,
    found: ExportFormat,
    first: np.ndarray[Any, Any] | None,
) -> np.ndarray[Any, Any]:
    """Return x of the first object of a file; raise if that of another one differs."""
    example = f"{target.path.parent.name}/{{name}}{target.path.suffix}"
    if not found.several:
        raise ExportError(
            f"a file that ends in {target.suffix} holds one object; to export "
            f"{len(target.names)}, pass a folder and a format, or a template such as "
            f"{example!r}"
        )
    rows = named.record.array("xydata")
    x = np.empty(0) if rows is None else np.ma.getdata(rows)[0]
    if first is not None and not np.array_equal(first, x):
        raise ExportError(
            f"the x of {named.name!r:.80} differs from that of "
            f"{target.names[0]!r:.80}, so they cannot be columns of one file; export "
            f"a file each with a template such as {example!r}"
        )
    return x


def _warn(missing: dict[str, list[str]], suffix: str) -> None:
    if not missing:
        return
    parts = "; ".join(
        f"{PARTS[part][0]} of {list_names(missing[part], 5)}"
        for part in PARTS
        if part in missing
    )
    warn_caller(
        f"{suffix} files do not hold everything. Left out: {parts}. Projects hold it "
        "all: workspace.save('name.h5')",
        UserWarning,
    )


@contextmanager
def _all_or_nothing(targets: Sequence[Target]) -> Iterator[list[Target]]:
    """Remove the files that were written if the export fails.

    Yields:
        A list for the files that are complete. Files that replaced others are left.
    """
    folder = targets[0].path.parent
    is_new_folder = not folder.exists()
    replaced = {target.path for target in targets if os.path.lexists(target.path)}
    if is_new_folder:
        folder.mkdir()
    written: list[Target] = []
    try:
        yield written
    except BaseException as error:
        for target in written:
            if target.path not in replaced:
                with suppress(OSError):
                    target.path.unlink()
        if is_new_folder:
            with suppress(OSError):
                folder.rmdir()
        kept = [str(target.path) for target in written if target.path in replaced]
        if kept:
            add_note(error, f"these files had been replaced before: {list_names(kept)}")
        raise


def _write(
    objects: _Objects,
    target: Target,
    export_format: ExportFormat,
    lossy: bool,
    progress: Progress,
) -> None:
    named = [objects.get(name) for name in target.names]
    size = sum(one.record.nbytes for one in named)
    with replacing(target.path, size=size) as new:
        # Libraries expect that a write takes all bytes.
        buffered = BufferedRandom(new.file)
        try:
            export_format.write(named, buffered, lossy)
            buffered.flush()
        finally:
            buffered.detach()
    progress.advance(len(named))
