"""Collect the results of analyses from the metadata of objects."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from datalab_workspace.model.analysis import Result
from datalab_workspace.model.fits import current_results
from datalab_workspace.model.name_lists import listed
from datalab_workspace.model.record import Kind, Record
from datalab_workspace.model.roi_names import roi_name, roi_names
from datalab_workspace.model.units import (
    AxisUnits,
    is_position,
    segment_length,
    split_columns,
)
from datalab_workspace.results_table import Results, ResultValue
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction
from datalab_workspace.validation import warn_caller


def results(session: Session, names: Any) -> Results:
    """See `Workspace.results`."""
    wanted = None if names is None else list(dict.fromkeys(listed(names)))

    def operation(transaction: Transaction) -> list[tuple[str, Record]]:
        if wanted is None:
            uuids = list(transaction.backend.uuids())
        else:
            uuids = [transaction.uuid(name) for name in wanted]
        # Fits of DataLab have parameters, but no results that are counted.
        some = [
            uuid
            for uuid in dict.fromkeys(uuids)
            if transaction.backend.kind_of(uuid) == "signal"
            or transaction.backend.summary(uuid).result_count != 0
        ]
        records = transaction.backend.records_without_data(some)
        found = [*zip(transaction.names.hand_out_all(some), records, strict=True)]
        # The metadata may change after the call.
        return [(name, _without_arrays(record)) for name, record in found]

    if wanted is None:  # others may have added objects
        with session.transaction() as transaction:
            found = operation(transaction)
    else:
        found = session.run(operation)
    return Results(
        value
        for name, record in found
        for value in values_of(name, record.kind, record.fields, record.metadata)
    )


def _without_arrays(record: Record) -> Record:
    copied = Record(record.kind, dict(record.fields), {}, dict(record.metadata))
    copied.uuid = record.uuid
    return copied


def values_of(
    name: str, kind: Kind, fields: Mapping[str, Any], metadata: Mapping[Any, Any]
) -> Iterator[ResultValue]:
    """Yield the values of all results of an object.

    Args:
        name: Name of the object.
        kind: Its kind.
        fields: Its fields; the units are used.
        metadata: Its metadata.

    Warns:
        UserWarning: A result is malformed; it is left out.
    """
    units = AxisUnits.of(kind, fields, metadata)
    for key, result in current_results(metadata, units):
        if isinstance(result, ValueError):
            warn_caller(f"{name!r:.80}: {result}; it is left out", UserWarning)
            continue
        analysis = result.function or key.partition("_")[2].removesuffix("_dict")
        yield from values_of_result(
            result, (name, kind, analysis, result.title), roi_names(metadata), units
        )


def values_of_result(
    result: Result,
    common: tuple[str, Kind, str, str],
    regions: list[str],
    units: AxisUnits,
) -> Iterator[ResultValue]:
    """Yield the values of one result.

    Args:
        result: The result.
        common: The first attributes of all values: object, kind, analysis and title.
        regions: The names of the object's regions of interest.
        units: The units of the object.
    """
    columns = split_columns(result, units)
    numbers: dict[str, int] = {}
    for index, row in enumerate(result.rows):
        roi = roi_name(
            regions, None if result.regions is None else result.regions[index]
        )
        number = numbers[roi] = numbers.get(roi, -1) + 1
        plain = [_plain(value) for value in row]
        cells = dict(zip((quantity for quantity, _ in columns), plain, strict=True))
        if result.kind == "segment":
            length, unit = segment_length(row, units)
            yield ResultValue(*common, roi, number, "length", length, None, unit)
        for (quantity, unit), value in zip(columns, plain, strict=True):
            if _is_uncertainty(quantity, cells) or _is_padding(result, value):
                continue
            spread = cells.get(f"u({quantity})")
            spread = spread if isinstance(spread, float) else None
            if spread is not None and math.isnan(spread):
                spread = None
            date = units.dates and is_position(result, quantity)
            yield ResultValue(*common, roi, number, quantity, value, spread, unit, date)


def _plain(value: Any) -> float | str | None:
    if value is None:
        return None
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return float(value)
    return str(value)


def _is_uncertainty(quantity: str, cells: Mapping[str, Any]) -> bool:
    inner = quantity.removeprefix("u(").removesuffix(")")
    return quantity == f"u({inner})" and inner in cells


def _is_padding(result: Result, value: float | str | None) -> bool:
    """Return whether a value fills up the row of a polygon with fewer corners."""
    return result.kind == "polygon" and isinstance(value, float) and math.isnan(value)
