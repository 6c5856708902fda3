"""Damage project files at random, and say whether a load noticed it."""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.errors import (
    DamagedFileError,
    NotAProjectError,
    StaleFileError,
    UnsafeFileError,
)
from datalab_workspace.formats.h5.reader import read_project
from datalab_workspace.formats.h5.verify import verify
from datalab_workspace.model.record import PendingRecord

#: What reading a damaged file may raise, and nothing else.
REFUSALS = (DamagedFileError, NotAProjectError, UnsafeFileError, StaleFileError)
DATALAB = Path(__file__).parents[1] / "data" / "datalab"
Outcome = Literal["same", "refused", "warned and same", "warned", "silent"]


def small_projects() -> dict[str, Callable[[Path], Path]]:
    """Return functions that save projects of different content."""
    return {
        "plain": lambda path: _workspace().save(path),
        "compressed": lambda path: _workspace().save(path, compression="gzip"),
        "macros and history": _with_sections,
        "saved twice": _saved_twice,
    }


def _workspace() -> Workspace:
    workspace = Workspace(backend=MemoryBackend())
    x = np.linspace(0, 1, 700)
    workspace.add("sine", (x, np.sin(x)), group="Monday")
    workspace.add("rows", (x, x**2), group="Tuesday")
    metadata = {"when": (1, None), "curve": np.arange(9.0), "log": ["a", {"b": 2}]}
    workspace.edit("sine", xlabel="\u03bb", xunit="nm", metadata=metadata)
    workspace.add("frame", np.arange(3000, dtype="u2").reshape(50, 60))
    workspace.edit("frame", metadata={"table": np.arange(600.0), "ratio": 0.25})
    workspace.add("wide", np.arange(1200, dtype="i8").reshape(30, 40), group="b")
    return workspace


def _with_sections(path: Path) -> Path:
    workspace = Workspace(backend=MemoryBackend())
    workspace.load(DATALAB / "full.h5")
    workspace.load(DATALAB / "history.h5", on_conflict="rename")
    return workspace.save(path)


def _saved_twice(path: Path) -> Path:
    workspace = _workspace()
    workspace.save(path)
    workspace.edit("rows", xlabel="x", metadata={"more": (1, 2)})
    workspace.remove("wide")
    workspace.add("third", np.arange(500.0))
    return workspace.save(path)


# -- damage ---------------------------------------------------------------------------


@dataclass
class Saved:
    """The bytes of a saved project, its modification time and its content."""

    content: bytes
    mtime_ns: int
    values: Any

    @classmethod
    def of(cls, path: Path) -> Saved:
        """Return the present state of a file."""
        return cls(path.read_bytes(), path.stat().st_mtime_ns, values(path, lazy=False))

    def flip(
        self, path: Path, chance: random.Random, bits: int, *, copied: bool
    ) -> None:
        """Write the file with flipped bits, in place or as a copy."""
        damaged = bytearray(self.content)
        for _ in range(bits):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        self.write(path, damaged, copied=copied)

    def truncate(self, path: Path, chance: random.Random, *, copied: bool) -> None:
        """Write the file without its end, in place or as a copy."""
        length = chance.randrange(len(self.content))
        self.write(path, self.content[:length], copied=copied)

    def write(self, path: Path, content: bytes | bytearray, *, copied: bool) -> None:
        """Write some content in place of the file, or as a copy."""
        path.write_bytes(content)
        time = self.mtime_ns + 10**9 if copied else self.mtime_ns
        os.utime(path, ns=(time, time))


# -- what a load does -----------------------------------------------------------------


def outcome(path: Path, saved: Saved, *, lazy: bool) -> Outcome:
    """Load a file and compare it with what was saved."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            same = values(path, lazy=lazy) == saved.values
        except REFUSALS:
            return "refused"
    if caught:
        return "warned and same" if same else "warned"
    return "same" if same else "silent"


def is_found(path: Path) -> bool:
    """Return whether `check` reports a problem."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            verdict = verify(path)
        except NotAProjectError:
            return True
    return bool(verdict.problems or verdict.obstacles)


def values(path: Path, *, lazy: bool) -> Any:
    """Return everything in a project in a form that compares types and bits."""
    project, _ = read_project(path, lazy=lazy)
    groups = [
        (group.kind, group.title, [_object(item) for item in group.items])
        for group in project.groups
    ]
    return groups, list(map(_section, project.foreign))


def _object(item: Any) -> Any:
    record = item.resolve() if isinstance(item, PendingRecord) else item
    arrays = {name: _exact(record.array(name)) for name in record.arrays}
    metadata = {key: _exact(value) for key, value in record.metadata.items()}
    fields = {key: _exact(value) for key, value in record.fields.items()}
    heads = (item.uuid, item.kind, item.title, item.shape, item.dtype)
    return heads, record.uuid, record.kind, fields, arrays, metadata


def _exact(value: Any) -> Any:
    """Return a value with its type, so that 1, 1.0 and True differ, and nan == nan."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return value.shape, list(map(_exact, value.ravel()))
    if isinstance(value, np.ndarray):
        mask = np.ma.getmaskarray(value).tobytes()
        plain = np.ma.getdata(value)
        return type(value), plain.dtype.str, plain.shape, plain.tobytes(), mask
    if isinstance(value, dict):
        return dict, [(_exact(key), _exact(item)) for key, item in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return type(value), [_exact(item) for item in value]
    return type(value), repr(value)


def _section(image: bytes) -> Any:
    """Return the content of macros or a history, which nothing but h5py reads."""
    found: list[Any] = []

    def add(name: str, item: Any) -> None:
        attributes = {key: _exact(value) for key, value in item.attrs.items()}
        data = _exact(item[()]) if isinstance(item, h5py.Dataset) else None
        found.append((name, attributes, data))

    try:
        with h5py.File(BytesIO(image)) as file:
            file.visititems(add)
    except (KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        return f"unreadable: {error}"
    return found
