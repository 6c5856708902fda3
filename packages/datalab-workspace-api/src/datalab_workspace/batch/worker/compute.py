"""Compute a chain from one item, in a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from datalab_workspace.batch.chains import sigima_options
from datalab_workspace.batch.chains.chain import Chain
from datalab_workspace.batch.items.item import Item
from datalab_workspace.batch.messages import Keep, ResultObject, Row
from datalab_workspace.batch.worker.chain_execution import ChainExecution
from datalab_workspace.model.record import Record
from datalab_workspace.processing.doubtful_results import Doubts


@dataclass(frozen=True)
class ItemOutput:
    """The results of one item.

    Attributes:
        rows: A row for each object of the item.
        kept: The objects to keep, in order, with their histories.
        units: The unit of each column that has one.
        doubts: The reasons to doubt the results.
    """

    rows: tuple[Row, ...]
    kept: tuple[Record, ...] = ()
    units: dict[str, str] = field(default_factory=dict)
    doubts: Doubts = field(default_factory=Doubts)


def compute(
    chain: Chain, item: Item, records: Sequence[Record], keep: Keep
) -> ItemOutput:
    """Compute a chain from an item.

    Args:
        chain: The chain.
        item: The item.
        records: The objects of the item; several only if it is a measured file that
            holds several, and then their titles are unique.
        keep: "objects" to return the objects, too.

    Raises:
        Exception: The error of a step.
    """
    sigima_options.adopt(chain.options)
    output = ItemOutput(())
    rows, kept = [], []
    several = len(records) > 1
    for record in records:
        name = f"{item.name}|{record.title}" if several else item.name
        execution = ChainExecution(
            chain, item, record, name, output, keep=keep == "objects"
        )
        for step in chain.steps:
            execution.run(step)
        objects = execution.objects()
        kept += objects
        made = tuple(ResultObject(r.uuid, r.title, r.kind) for r in objects)
        rows.append(Row(name, execution.values, made))
    return ItemOutput(tuple(rows), tuple(kept), output.units, output.doubts)
