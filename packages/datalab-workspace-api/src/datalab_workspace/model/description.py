"""Descriptions of objects, groups and workspaces, without their arrays."""

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
from datalab_workspace.model.status_as_dict import StatusAsDict
from datalab_workspace.runtime import require

if TYPE_CHECKING:
    import pandas as pd


class WorkspaceMode(str, Enum):
    """The place where a workspace keeps its objects: this process or DataLab.

    A mode equals the string of its value.

    Example:
        >>> workspace.mode == "standalone"
        True
    """

    STANDALONE = "standalone"
    LIVE = "live"

    __str__ = str.__str__


#: Labels and units of the axes.
TEXT_FIELDS = ("xlabel", "xunit", "ylabel", "yunit", "zlabel", "zunit")


@dataclass(frozen=True)
class Summary:
    """The properties of an object that are known without its data.

    Attributes:
        kind: "signal" or "image".
        title: Title of the object.
        shape: (N,) for a signal, (H, W) for an image, () for an empty object.
        dtype: Data type of the elements; None for an empty object.
        labels: Labels and units of the axes by field; the names are `TEXT_FIELDS`.
        roi_count: Number of regions of interest; None if unknown.
        result_count: Number of analysis results; None if unknown.
        nbytes: Size of the arrays in bytes.
        missing: The parts that only ``get(name, full=True)`` may return.

    Example:
        >>> from datalab_workspace.backends import Summary
        >>> Summary.of(workspace.record("spot")).shape
        (48, 64)
    """

    kind: Kind
    title: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    labels: Mapping[str, str]
    roi_count: int | None
    result_count: int | None
    nbytes: int
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, record: Record, missing: tuple[str, ...] = ()) -> Summary:
        """Return the summary of a record.

        Example:
            >>> from datalab_workspace.backends import Summary
            >>> Summary.of(workspace.record("peak")).labels["xunit"]
            's'
        """
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
        labels: Mapping[str, str] | None = None,
    ) -> Summary:
        """Return the summary of an object whose record is not available.

        `roi_count` and `result_count` of the summary are None, and `nbytes` is computed
        from shape and dtype.

        Example:
            >>> from datalab_workspace.backends import Summary
            >>> Summary.known("image", "dark", (4, 4), np.dtype("u2")).nbytes
            32
        """
        rows = 2 if kind == "signal" else 1
        size = 0 if dtype is None else rows * math.prod(shape) * dtype.itemsize
        return cls(kind, title, shape, dtype, labels or {}, None, None, size)


class Preview(NamedTuple):
    """The properties of an object that are known without a file access or a request.

    Attributes:
        name: Name of the object in the workspace.
        short_id: Its number among the signals or images, such as ``s001``.
        group: Title of its group; "" if unknown.
        summary: The summary of the object. Unknown labels and units are left out.
        record: The record itself, not a copy, if it is in memory; otherwise None.
        selected: Whether `calc` uses the object if it is given none, as far as known.
    """

    name: str
    short_id: str
    group: str
    summary: Summary
    record: Record | None
    selected: bool = False


@dataclass(frozen=True)
class Description:
    """The description of one object, without its data.

    Attributes:
        name: Name of the object in the workspace.
        kind: "signal" or "image".
        short_id: Its number among the signals or images in DataLab, such as ``s001``.
        uuid: The permanent, unique identifier of the object.
        title: Title of the object.
        group: Title of its group.
        shape: (N,) for a signal, (H, W) for an image, () for an empty object.
        dtype: Data type of the elements; None for an empty object.
        xlabel: Label of the x axis.
        xunit: Unit of the x axis.
        ylabel: Label of the y axis.
        yunit: Unit of the y axis.
        zlabel: Label of the values of an image; empty for a signal.
        zunit: Unit of the values of an image; empty for a signal.
        roi_count: Number of regions of interest; None if counting them requires the
            transfer of large data.
        result_count: Number of analysis results; None in the same case.
        nbytes: Size of the arrays in bytes.
        missing: The parts that were set in a running DataLab and that only
            ``get(name, full=True)`` may return: "annotations", "bounds", "scales",
            "coordinates", "private metadata".
        selected: Whether `calc` uses the object if it is called without `on`, as far as
            that is known without asking DataLab. Equality ignores it.

    Example:
        >>> description = workspace.describe("peak")
        >>> description.kind, description.short_id
        ('signal', 's001')
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
    selected: bool = dataclasses.field(default=False, compare=False)

    @classmethod
    def of(
        cls,
        summary: Summary,
        *,
        name: str,
        short_id: str,
        uuid: str,
        group: str,
        selected: bool = False,
    ) -> Description:
        """Return the description of an object, given its summary and its names."""
        return cls(
            name=name,
            kind=summary.kind,
            short_id=short_id,
            uuid=uuid,
            title=summary.title,
            group=group,
            shape=summary.shape,
            dtype=summary.dtype,
            roi_count=summary.roi_count,
            result_count=summary.result_count,
            nbytes=summary.nbytes,
            missing=summary.missing,
            selected=selected,
            **summary.labels,
        )

    def to_dataframe(self) -> pd.DataFrame:
        """Return the description as a pandas `DataFrame` with one row.

        Raises:
            ImportError: pandas is not installed.

        Example:
            >>> workspace.describe("peak").to_dataframe().index.tolist()
            ['peak']
        """
        return Listing([self]).to_dataframe()


class Listing(tuple[Description, ...]):
    """The descriptions of several objects: a tuple with a table as its repr.

    Example:
        >>> [description.name for description in workspace.describe()]
        ['peak', 'noisy', 'spot']
    """

    __slots__ = ()

    def to_dataframe(self) -> pd.DataFrame:
        """Return a pandas `DataFrame` with one row for each object, indexed by name.

        Raises:
            ImportError: pandas is not installed.

        Example:
            >>> workspace.describe().to_dataframe().kind["spot"]
            'image'
        """
        require("pandas", "to_dataframe()")
        import pandas as pd

        columns = [field.name for field in dataclasses.fields(Description)]
        rows = [[getattr(item, column) for column in columns] for item in self]
        return pd.DataFrame(rows, columns=columns).set_index("name")

    def __repr__(self) -> str:
        lines = [
            "  ".join(
                (item.short_id, repr(item.name), item.kind, size_text(item.shape))
                + (() if item.dtype is None else (str(item.dtype),))
                + remarks(item.name, item.title, selected=item.selected)
            )
            for item in self
        ]
        return "\n".join(lines) if lines else "no objects"


class GroupInfo(NamedTuple):
    """A group of signals or images.

    Attributes:
        kind: The panel of the group, "signal" or "image".
        title: Title of the group.
        names: Names of the objects in the group, in order.

    Example:
        >>> [group.names for group in workspace.groups()]
        [('peak', 'noisy'), ('spot',)]
    """

    kind: Kind
    title: str
    names: tuple[str, ...]


class GroupList(list[GroupInfo]):
    """The groups of a workspace: a list with a line for each group as its repr.

    Example:
        >>> workspace.groups("signal").names
        ['peak', 'noisy']
    """

    __slots__ = ()

    @property
    def names(self) -> list[str]:
        """The names of the objects in all groups, in order.

        Example:
            >>> workspace.groups("image").names
            ['spot']
        """
        return [name for group in self for name in group.names]

    def __repr__(self) -> str:
        lines = (f"{kind}  {title!r}: {names!r}" for kind, title, names in self)
        return "\n".join(lines) or "no groups"


def remarks(name: str, title: str, *, selected: bool) -> tuple[str, ...]:
    """Return the remarks that a listing adds to the name of an object, if any.

    Args:
        name: The name of the object.
        title: Its title, which is shown if it is not the name.
        selected: Whether `calc` uses the object if it is given none.
    """
    other = (f"title {title!r}",) if title != name else ()
    return (*other, "selected") if selected else other


def size_text(shape: tuple[int, ...]) -> str:
    """Return a shape as a string, with multiplication signs; "empty" for ()."""
    return " × ".join(map(str, shape)) or "empty"


@dataclass(frozen=True)
class Status(StatusAsDict):
    """The state of a workspace: its mode, size, file and connection.

    Attributes:
        mode: "standalone" or "live".
        signals: Number of signals.
        images: Number of images.
        path: The project file that `save()` writes to; None before the first save.
        modified: Whether the workspace changed since that file was loaded or saved.
        version: Version of the attached DataLab; None if standalone.
        url: URL of the companion or of the Web API of DataLab, whichever is in use;
            None if neither is.
        protocols: The protocols that connect to DataLab: "companion", or "Web API" and
            "XML-RPC", with the reason in brackets if one does not answer.
        notes: Further information about running DataLabs, one sentence each. For a
            standalone workspace, the reason why it is not attached to one.

    Example:
        >>> status = workspace.status()
        >>> status.signals, status.images
        (2, 1)
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
