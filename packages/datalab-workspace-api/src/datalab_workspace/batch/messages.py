"""The messages between the driver of a run and its workers.

Neither holds data of objects, except an item that a worker cannot read itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from datalab_workspace.batch.items.item import Item
from datalab_workspace.model.record import Kind
from datalab_workspace.processing.doubtful_results import Doubt

Keep: TypeAlias = Literal["objects", "table"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The properties of a run that its workers need.

    Attributes:
        folder: The folder of the run, which the driver and all workers see.
        token: A random string that the driver wrote to the file "token" in the folder,
            by which a worker finds out whether it sees the same folder, and knows the
            chain again.
        keep: "objects" if the objects that the chain returns are kept.
        versions: The version of each library that must be the same in all workers.
        item_timeout: Seconds that an item may take; None for no limit.
        memory_limit: Bytes of memory that a worker process may use; None for no limit.
    """

    folder: Path
    token: str
    keep: Keep
    versions: Mapping[str, str]
    item_timeout: float | None = None
    memory_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """The items that a worker computes in one go.

    Attributes:
        id: A string that no other task of the folder has, also after a restart. A task
            that is given out again has a new one.
        items: The items.
        settings: The properties of the run.
        chain: The pickled chain; None if the worker has it already.
    """

    id: str
    items: tuple[Item, ...]
    settings: Settings
    chain: bytes | None


@dataclass(frozen=True, slots=True)
class ItemFailure:
    """An error of one item, as text. It is made where the error was raised.

    Attributes:
        type: Name of the class of the error, such as "ValueError".
        message: The message of the error.
        traceback: The traceback, from the frames of the chain on.
    """

    type: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True)
class ResultObject:
    """An object that a worker wrote to a part.

    Attributes:
        uuid: UUID of the object.
        name: Its title, which is unique in the run.
        kind: "signal" or "image".
    """

    uuid: str
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: the results of one object.

    Attributes:
        name: The name of the item. A measured file of several objects has a row for
            each, whose name ends with the title of the object.
        values: The values by column: bool, int, float, complex, str or None.
        objects: The objects that the chain returned, in order.
    """

    name: str
    values: Mapping[str, Any]
    objects: tuple[ResultObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of one item.

    Attributes:
        index: The position of the item.
        fingerprint: The fingerprint of the item.
        rows: Its rows; one, except for a measured file of several objects; none after
            an error.
        failure: The error; None without one.
        seconds: The time that it took. It is not part of the table.
    """

    index: int
    fingerprint: str
    rows: tuple[Row, ...]
    failure: ItemFailure | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a task.

    Attributes:
        receipts: The receipts of the items that are done, in order. A worker that runs
            out of time or memory ends a task early: the last items have none.
        part: The name of the part in the folder; None if no object was kept.
        units: The unit of each column that has one.
        doubts: The reasons to doubt the results.
        needs_chain: The worker does not have the chain: nothing was computed.
        refusal: The reason why this worker must not compute: its versions differ, or it
            does not see the folder. None if it may.
        chain_error: The error of a chain that fails with any item: an unknown feature
            or parameter, or a function that cannot be unpickled. Nothing was computed.
        interrupted: The position of the item that was under way when an earlier attempt
            at this very task ended without an answer; None if there was none. The items
            from it on were not computed.
        disk_error: The reason why the worker cannot write into the folder, such as a
            full disk. No item of the task is done.
        worker: The host and process id of the worker, such as "node7:4242".
    """

    receipts: tuple[Receipt, ...] = ()
    part: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    needs_chain: bool = False
    refusal: str | None = None
    chain_error: Exception | None = None
    interrupted: int | None = None
    disk_error: OSError | None = None
    worker: str = ""
