"""What `Workspace.describe` and `Workspace.status` tell: frozen, without any array."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from datalab_workspace.model.record import Kind, Record, result_keys, roi_count

if TYPE_CHECKING:
    import pandas as pd


class WorkspaceMode(str, Enum):
    """Where the objects of a workspace are; equal to the text of its value."""

    STANDALONE = "standalone"
    LIVE = "live"

    __str__ = str.__str__


#: Labels and units of the axes.
TEXT_FIELDS = ("xlabel", "xunit", "ylabel", "yunit", "zlabel", "zunit")


@dataclass(frozen=True)
class Summary:
    """What can be told of an object without its data.

    Attributes:
        kind: "signal" or "image".
        title: Its title.
        shape: (N,) of a signal, (H, W) of an image, () of an empty object.
        dtype: Element type of the data, None of an empty object.
        texts: Labels and units of the axes, by field; none is left out.
        roi_count: Number of regions of interest; None where it is not known.
        result_count: Number of results of analyses; likewise.
        nbytes: Size of its arrays in bytes.
        missing: Names of what comes only with ``get(name, full=True)``, if at all.
    """

    kind: Kind
    title: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    texts: Mapping[str, str]
    roi_count: int | None
    result_count: int | None
    nbytes: int
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, record: Record, missing: tuple[str, ...] = ()) -> Summary:
        """Summary `record`."""
        return cls(
            record.kind,
            record.title,
            record.shape,
            record.dtype,
            {name: str(record.fields.get(name) or "") for name in TEXT_FIELDS},
            roi_count(record),
            len(list(result_keys(record))),
            record.nbytes,
            missing,
        )

    @classmethod
    def known(
        cls,
        kind: Kind,
        title: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any] | None,
        texts: Mapping[str, str] | None = None,
    ) -> Summary:
        """Summary an object of which no more than this is known."""
        rows = 2 if kind == "signal" else 1
        size = 0 if dtype is None else rows * math.prod(shape) * dtype.itemsize
        return cls(kind, title, shape, dtype, texts or {}, None, None, size)


class Preview(NamedTuple):
    """What is known of an object without reading anything or asking anybody.

    Attributes:
        name: The name that the workspace knows it by.
        short_id: Its number among signals or images, ``s001``.
        group: Title of its group, "" where that is not known.
        outline: The rest that is known; texts that are not are left out.
        record: The object itself where it is in memory, not a copy.
    """

    name: str
    short_id: str
    group: str
    outline: Summary
    record: Record | None


@dataclass(frozen=True)
class Description:
    """One object, without its data.

    Attributes:
        name: The name that the workspace knows it by.
        kind: "signal" or "image".
        short_id: Its number among signals or images as DataLab shows it, ``s001``.
        uuid: What tells it from every other object for ever.
        title: Its title.
        group: Title of its group.
        shape: (N,) of a signal, (H, W) of an image, () of an empty object.
        dtype: Element type of the data, None of an empty object.
        xlabel: Label of the x axis.
        xunit: Its unit.
        ylabel: Label of the y axis.
        yunit: Its unit.
        zlabel: Label of an image's values, empty for a signal.
        zunit: Their unit, likewise.
        roi_count: Number of regions of interest; None where that cannot be told
            without bringing large data.
        result_count: Number of results of analyses; likewise.
        nbytes: Size of its arrays in bytes.
        missing: What was set in a running DataLab and comes only with
            ``get(name, full=True)``, or not at all: "annotations", "bounds", "scales",
            "coordinates", "private metadata".
    """

    name: str
    kind: Kind
    short_id: str
    uuid: str
    title: str
    group: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    xlabel: str
    xunit: str
    ylabel: str
    yunit: str
    zlabel: str
    zunit: str
    roi_count: int | None
    result_count: int | None
    nbytes: int
    missing: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, outline: Summary, *, name: str, short_id: str, uuid: str, group: str
    ) -> Description:
        """Describe an object that is at that place of a workspace."""
        return cls(
            name=name,
            kind=outline.kind,
            short_id=short_id,
            uuid=uuid,
            title=outline.title,
            group=group,
            shape=outline.shape,
            dtype=outline.dtype,
            roi_count=outline.roi_count,
            result_count=outline.result_count,
            nbytes=outline.nbytes,
            missing=outline.missing,
            **outline.texts,
        )

    def to_dataframe(self) -> pd.DataFrame:
        """Return a table of one row; see `Listing.to_dataframe`."""
        return Listing([self]).to_dataframe()


class Listing(tuple[Description, ...]):
    """The descriptions of several objects, in their order."""

    __slots__ = ()

    def to_dataframe(self) -> pd.DataFrame:
        """Return a table of one row per object, indexed by name.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas as pd

        columns = [field.name for field in dataclasses.fields(Description)]
        rows = [[getattr(item, column) for column in columns] for item in self]
        return pd.DataFrame(rows, columns=columns).set_index("name")

    def __repr__(self) -> str:
        lines = [
            "  ".join(
                (item.short_id, repr(item.name), item.kind, size_text(item.shape))
                + (() if item.dtype is None else (str(item.dtype),))
            )
            for item in self
        ]
        return "\n".join(lines) if lines else "no objects"


class GroupInfo(NamedTuple):
    """A group of objects.

    Attributes:
        kind: "signal" or "image": the panel that the group is in.
        title: Title of the group.
        names: Names of its objects in order.
    """

    kind: Kind
    title: str
    names: tuple[str, ...]


def size_text(shape: tuple[int, ...]) -> str:
    """Return a shape as people write it, with crosses; "empty" for ()."""
    return " × ".join(map(str, shape)) or "empty"


@dataclass(frozen=True)
class Status:
    """What a workspace is, in short.

    Attributes:
        mode: "standalone" or "live".
        signals: Number of signals.
        images: Number of images.
        path: The project file that `save()` goes to, None where there is none yet.
        modified: Something changed since that file was loaded or saved.
        version: Version of the DataLab that the workspace is attached to.
        url: URL of its Web API, None where that is not in use.
        protocols: What carries objects from and to it: "Web API", "XML-RPC", with the
            reason in brackets where one does not answer.
        notes: What else is known of running DataLabs, a sentence each; of a standalone
            workspace, why it is not attached to one.
    """

    mode: WorkspaceMode
    signals: int
    images: int
    path: Path | None
    modified: bool
    version: str | None = None
    url: str | None = None
    protocols: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
