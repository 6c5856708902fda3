"""The table of a run: a row for each object, a column for each value."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from datalab_workspace.batch.item_results import ItemResult, ItemResults
from datalab_workspace.batch.messages import ItemFailure
from datalab_workspace.batch.results.columns import Columns
from datalab_workspace.batch.results.distribution import Distribution, project_names

if TYPE_CHECKING:
    import pandas as pd


def table_of(results: ItemResults, out: Path | None = None) -> pd.DataFrame:
    """Return the table of a run.

    Args:
        results: The results of the items.
        out: The summary project of the run, by which its other projects are named;
            None if no projects are written.

    Returns:
        A DataFrame with a row for each item that is done or has failed, in the items'
        order, and the name of the item as its index, "item". A measured file of several
        objects has a row for each. After the columns of values follow "error", which is
        None or a string such as "ValueError: …", and "project", the name of the file
        that holds the object, if objects were kept. Numbers that are missing are NaN.
        The units of the columns are in ``attrs["units"]``.
    """
    import pandas as pd

    columns = Columns(results.units)
    distribution = Distribution()
    for result in results:
        for _ in distribution.add(result):
            pass  # the objects themselves are not needed
        add_rows(columns, result, distribution)
    columns.finish()
    content = {name: column.as_array() for name, column in columns.values.items()}
    index = pd.Index(list(columns.names), name="item", dtype=object)
    table = pd.DataFrame(content, index=index)
    table["error"] = pd.Series(columns.all_errors(), index=index, dtype=object)
    if out is not None and distribution.number:
        name_of = project_names(out, distribution.number)
        projects = map(name_of, columns.projects)
        table["project"] = pd.Series(projects, index=index, dtype=object)
    table.attrs["units"] = dict(columns.units)
    return table


def add_rows(columns: Columns, result: ItemResult, distribution: Distribution) -> None:
    """Add the rows of an item, whose objects are the last of a distribution."""
    receipt = result.receipt
    if receipt.failure is not None:
        columns.add(result.name, {}, error=as_text(receipt.failure))
    for row, project in zip(receipt.rows, distribution.latest, strict=True):
        columns.add(row.name, row.values, project=project)


def as_text(failure: ItemFailure) -> str:
    """Return an error as the table shows it, such as "ValueError: …"."""
    return f"{failure.type}: {failure.message}" if failure.message else failure.type
