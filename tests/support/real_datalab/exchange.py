"""A project as DataLab sees it, carried from DataLab's process to that of the tests.

Both sides import this module, so it needs nothing but NumPy. Values keep their types on
the way: a NumPy scalar stays one, a tuple stays a tuple.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

_TEXT = "project.json"
_ARRAYS = "arrays.npz"


@dataclass
class Item:
    """A signal or image as DataLab holds it.

    Attributes:
        kind: "signal" or "image".
        short_id: The short id under which DataLab shows it.
        uuid: Its UUID.
        fields: Value of every item of its data set by name, metadata excepted: texts,
            flags, numbers, and the arrays (xydata of a signal; data, xcoords and
            ycoords of an image).
        metadata: Its metadata.
        roi: Its regions of interest as sigima describes them; None if it has none.
        results: The geometry and table results that DataLab finds in it, each a dict
            of key, title, func_name, headers and rows.
    """

    kind: str
    short_id: str
    uuid: str
    fields: dict[str, Any]
    metadata: dict[Any, Any]
    roi: dict[str, Any] | None
    results: list[dict[str, Any]]

    @property
    def title(self) -> str:
        return self.fields["title"]

    @property
    def data(self) -> np.ndarray[Any, Any]:
        return self.fields["xydata" if self.kind == "signal" else "data"]


@dataclass
class Group:
    """A group of a panel, with its objects in order."""

    kind: str
    title: str
    items: list[Item]


@dataclass
class Macro:
    """A macro of a project."""

    title: str
    contents: str
    uid: str


@dataclass
class Project:
    """What DataLab made of a project file.

    Attributes:
        groups: Groups of the signal panel, then of the image panel, in order.
        macros: Macros in order.
        history: History sessions in order, each as a dict.
        complaints: Everything that would disturb a user, and errors that no one
            would see: dialogs, exceptions, logged errors. Empty if all went well.
        undrawn: Title of each object that DataLab failed to draw, unseen, and why. It
            need not be the file's fault: DataLab cannot draw everything that it holds.
    """

    groups: list[Group] = field(default_factory=list)
    macros: list[Macro] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    undrawn: dict[str, str] = field(default_factory=dict)

    def items(self, kind: str | None = None) -> Iterator[Item]:
        """Yield the objects of one kind, or of both, in order."""
        for group in self.groups:
            if kind in (None, group.kind):
                yield from group.items

    def titles(self, kind: str | None = None) -> list[str]:
        return [item.title for item in self.items(kind)]

    def summary(self) -> list[tuple[str, str, list[str]]]:
        """Return kind, title and objects' titles of each group."""
        return [(g.kind, g.title, [i.title for i in g.items]) for g in self.groups]

    def __getitem__(self, title: str) -> Item:
        """Return the one object of this title."""
        (item,) = (item for item in self.items() if item.title == title)
        return item


def write(project: Project, folder: Path) -> None:
    """Write what a project holds, without complaints, into an existing folder."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    encoded = _encode(dataclasses.asdict(project), arrays)
    (folder / _TEXT).write_text(json.dumps(encoded), encoding="utf-8")
    np.savez(folder / _ARRAYS, allow_pickle=False, **arrays)


def read(folder: Path) -> Project:
    """Read what `write` wrote."""
    encoded = json.loads((folder / _TEXT).read_text(encoding="utf-8"))
    with np.load(folder / _ARRAYS) as arrays:
        content = _decode(encoded, arrays)
    return Project(
        groups=[
            Group(
                group["kind"],
                group["title"],
                [Item(**item) for item in group["items"]],
            )
            for group in content["groups"]
        ],
        macros=[Macro(**macro) for macro in content["macros"]],
        history=content["history"],
    )


def _encode(value: Any, arrays: dict[str, np.ndarray[Any, Any]]) -> Any:
    cls = type(value)
    if value is None or cls in (bool, int, str):
        return value
    if cls is float:
        return ["float", value.hex()]
    if cls in (list, tuple):
        return [cls.__name__, [_encode(item, arrays) for item in value]]
    if isinstance(value, dict):
        pairs = [[_encode(k, arrays), _encode(v, arrays)] for k, v in value.items()]
        return ["dict", pairs]
    if isinstance(value, np.ma.MaskedArray):
        return ["masked", [_encode(part, arrays) for part in (value.data, value.mask)]]
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        name = f"a{len(arrays)}"
        arrays[name] = np.asarray(value)
        return ["array", name]
    if isinstance(value, np.generic) and value.dtype.kind != "O":
        return ["scalar", [value.dtype.str, value.tobytes().hex()]]
    if cls in (datetime.datetime, datetime.date):
        return [cls.__name__, value.isoformat()]
    return ["other", f"{cls.__module__}.{cls.__qualname__}: {value!r}"]


def _decode(value: Any, arrays: Any) -> Any:
    if not isinstance(value, list):
        return value
    kind, payload = value
    if kind == "list":
        return [_decode(item, arrays) for item in payload]
    if kind == "tuple":
        return tuple(_decode(item, arrays) for item in payload)
    if kind == "dict":
        return {_decode(k, arrays): _decode(v, arrays) for k, v in payload}
    if kind == "masked":
        data, mask = (_decode(part, arrays) for part in payload)
        return np.ma.MaskedArray(data, mask=mask)
    if kind == "array":
        return arrays[payload]
    return _ATOMS[kind](payload)


def _scalar(payload: list[str]) -> np.generic:
    dtype, raw = payload
    scalar: np.generic = np.frombuffer(bytes.fromhex(raw), np.dtype(dtype))[0]
    return scalar


_ATOMS: dict[str, Callable[[Any], Any]] = {
    "float": float.fromhex,
    "scalar": _scalar,
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "other": str,
}
