"""The results of analyses as one table that names object, region and unit."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex, overload

import numpy as np

from datalab_workspace.error_messages import add_note
from datalab_workspace.formats.atomic import replacing
from datalab_workspace.model.record import Kind
from datalab_workspace.model.units import with_unit
from datalab_workspace.result_text import table_text
from datalab_workspace.runtime import require
from datalab_workspace.validation import suggest_on_typo

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ResultValue:
    """One value that an analysis has found.

    Attributes:
        object: Name of the object in the workspace.
        kind: Kind of the object, "signal" or "image".
        analysis: Name of the feature, as `calc` takes it: "stats", "gaussian_fit"…
        title: Title of the result, as DataLab shows it.
        roi: Name of the region of interest; "" for the whole object.
        row: Number of the row, from 0, if the analysis has found several in a region,
            such as peaks.
        quantity: Name of the quantity: "mean", "x0", "length"…
        value: A number, in a few analyses a string; None if there is none.
        uncertainty: The standard uncertainty of the value; None if it is not known.
        unit: The unit of value and uncertainty; "" if there is none, or if it is not
            known.
        date: Whether the value is a date, in seconds since 1970-01-01 (UTC). Tables of
            results show it as a date.

    Example:
        >>> _ = workspace.calc("stats", on="peak")
        >>> found = workspace.results("peak")[0]
        >>> found.quantity, found.unit
        ('min', 'V')
    """

    object: str
    kind: Kind
    analysis: str
    title: str
    roi: str
    row: int
    quantity: str
    value: float | str | None
    uncertainty: float | None
    unit: str
    date: bool = False


_COLUMNS = tuple(
    field.name for field in dataclasses.fields(ResultValue) if field.name != "date"
)


class WideTable(NamedTuple):
    """The values of one analysis: a row for each object and region.

    Example:
        >>> _ = workspace.calc("x_at_minmax", on="peak")
        >>> [table] = workspace.results().tables()
        >>> table.columns
        (('X@Ymin', 's'), ('X@Ymax', 's'))

    Attributes:
        title: Title of the results.
        analysis: Name of the feature.
        columns: Quantity and unit of each column.
        rows: Object, region and number of each row, with its values by column.
    """

    title: str
    analysis: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[tuple[str, str, int], dict[tuple[str, str], ResultValue]], ...]

    @property
    def numbered(self) -> bool:
        """Whether a region of an object has several rows.

        Example:
            >>> _ = workspace.calc("x_at_minmax", on="peak")
            >>> workspace.results().tables()[0].numbered
            False
        """
        return any(number for (_, _, number), _ in self.rows)


class Results(tuple[ResultValue, ...]):
    """The results of analyses: a tuple of `ResultValue` that is shown as tables.

    Example:
        >>> _ = workspace.calc("stats", on=["peak", "noisy"])
        >>> workspace.results().select(object="peak", quantity="max").values
        array([1.])
    """

    __slots__ = ()

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> ResultValue: ...
    @overload
    def __getitem__(self, index: slice, /) -> Results: ...
    @overload
    def __getitem__(self, index: str, /) -> Results: ...
    def __getitem__(
        self, index: SupportsIndex | slice | str, /
    ) -> ResultValue | Results:
        """Return the value at a position, or all values of one quantity."""
        if isinstance(index, str):
            return self.select(quantity=index)
        found = super().__getitem__(index)
        return Results(found) if isinstance(index, slice) else found  # type: ignore[return-value, arg-type] # the overloads of tuple are not narrowed

    def _ipython_key_completions_(self) -> list[str]:
        return list(dict.fromkeys(item.quantity for item in self))

    @suggest_on_typo
    def select(
        self,
        *,
        object: str | None = None,
        analysis: str | None = None,
        roi: str | None = None,
        quantity: str | None = None,
    ) -> Results:
        """Return the values that have all of the given properties.

        Args:
            object: Name of the object.
            analysis: Name of the feature.
            roi: Name of the region of interest; "" for the whole object.
            quantity: Name of the quantity.

        Returns:
            The values, in the same order.

        Raises:
            KeyError: None of the results has one of these properties; the message
                lists the others.

        Example:
            >>> _ = workspace.calc("stats", on="peak")
            >>> [value.value for value in workspace.results().select(quantity="max")]
            [1.0]
        """
        wanted = {
            "object": object,
            "analysis": analysis,
            "roi": roi,
            "quantity": quantity,
        }
        found = self
        for name, text in wanted.items():
            if text is not None:
                kept = Results(v for v in found if getattr(v, name) == text)
                if not kept:
                    raise _nothing(found, name, text)
                found = kept
        return found

    @property
    def values(self) -> np.ndarray[Any, Any]:
        """The values as an array of float64, shape (N,); NaN for other values.

        Example:
            >>> _ = workspace.calc("stats", on=["peak", "noisy"])
            >>> workspace.results()["max"].values.shape
            (2,)
        """
        return np.array([_number(item.value) for item in self], dtype=float)

    @property
    def uncertainties(self) -> np.ndarray[Any, Any]:
        """The standard uncertainties, shape (N,); NaN where they are not known.

        Example:
            >>> _ = workspace.calc("stats", on="peak")
            >>> workspace.results()["max"].uncertainties
            array([nan])
        """
        return np.array([_number(item.uncertainty) for item in self], dtype=float)

    def to_dataframe(self, *, wide: bool = False) -> pd.DataFrame:
        """Return the results as a pandas `DataFrame`.

        Args:
            wide: Return one row for each object, region and row of an analysis, with a
                column for each quantity and its unit, such as "mean (V)", and one for
                each uncertainty, such as "u(x0) (s)". With several analyses, the name
                of a column begins with that of its analysis. By default, there is one
                row for each value, with the attributes of `ResultValue` as columns.

        Raises:
            ImportError: pandas is not installed.

        Example:
            >>> _ = workspace.calc("stats", on=["peak", "noisy"])
            >>> frame = workspace.results().to_dataframe(wide=True)
            >>> frame["max (V)"]["peak"].tolist()
            [1.0]
        """
        require("pandas", "to_dataframe()")
        import pandas as pd

        columns, rows = self._wide() if wide else self._long()
        frame = pd.DataFrame(rows, columns=columns)
        if wide:
            return frame.set_index(list(columns[:3]))
        return frame.astype({"uncertainty": float})

    def to_csv(
        self, path: str | Path, *, wide: bool = False, overwrite: bool = False
    ) -> Path:
        """Write the results to a CSV file: UTF-8, commas, numbers in full precision.

        The path holds the whole file or what it held before, even if the program is
        killed.

        Args:
            path: The file.
            wide: See `to_dataframe`.
            overwrite: Replace an existing file.

        Returns:
            The path.

        Raises:
            FileExistsError: The file exists, and `overwrite` is false.
            OSError: The file cannot be written.

        Example:
            >>> _ = workspace.calc("stats", on="peak")
            >>> workspace.results().to_csv("stats.csv").name
            'stats.csv'
        """
        target = Path(path).expanduser()
        if target.exists() and not overwrite:
            error = FileExistsError(f"the file {str(target)!r} exists")
            add_note(error, "pass overwrite=True to replace it, or another path")
            raise error
        columns, rows = self._wide() if wide else self._long()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([columns, *rows])
        with replacing(target) as new:
            new.write(text.getvalue().encode("utf-8"))
        return target

    def tables(self) -> list[WideTable]:
        """Return the values in one table for each analysis.

        Results of one analysis with different titles, as of signals and images, are in
        different tables.

        Example:
            >>> _ = workspace.calc("stats", on=["peak", "spot"])
            >>> [table.title for table in workspace.results().tables()]
            ['Signal statistics', 'Image statistics']
        """
        grouped: dict[tuple[str, str], list[ResultValue]] = {}
        for item in self:
            grouped.setdefault((item.title, item.analysis), []).append(item)
        return [_wide_table(*key, items) for key, items in grouped.items()]

    def _long(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        return _COLUMNS, [tuple(getattr(v, c) for c in _COLUMNS) for v in self]

    def _wide(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        analyses = {item.analysis for item in self}
        columns: dict[str, None] = {}
        rows: dict[tuple[str, str, int], dict[str, Any]] = {}
        for item in self:
            name = item.quantity, item.unit
            before = f"{item.analysis}: " if len(analyses) > 1 else ""
            row = rows.setdefault((item.object, item.roi, item.row), {})
            row[before + with_unit(*name)] = item.value
            if item.uncertainty is not None:
                row[before + with_unit(f"u({name[0]})", name[1])] = item.uncertainty
            columns.update(dict.fromkeys(row))
        body = [(*key, *map(row.get, columns)) for key, row in rows.items()]
        return ("object", "roi", "row", *columns), body

    def __repr__(self) -> str:
        if not self:
            return "no results"
        return "\n\n".join(table_text(table) for table in self.tables())


class ResultList(list[Any]):
    """The list that `calc` returns for several analyses; its results as a table.

    It is a list in every way. Only its repr differs: it shows the tables of the
    results, with the name of the object of each.

    Example:
        >>> found = workspace.calc("stats", on=["peak", "noisy"])
        >>> found.results["max"].values.shape
        (2,)
    """

    def __init__(
        self, items: Iterable[Any], results: Results | Callable[[], Results]
    ) -> None:
        super().__init__(items)
        self._results = results

    @property
    def results(self) -> Results:
        """The values in the list, as `Workspace.results` returns them.

        Example:
            >>> found = workspace.calc("stats", on=["peak", "noisy"])
            >>> found.results["max"][0].object
            'peak'
        """
        if not isinstance(self._results, Results):
            self._results = self._results()
        return self._results

    def to_dataframe(self, *, wide: bool = False) -> pd.DataFrame:
        """Return the results as a pandas `DataFrame`; see `Results.to_dataframe`.

        Example:
            >>> found = workspace.calc("stats", on=["peak", "noisy"])
            >>> len(found.to_dataframe(wide=True))
            2
        """
        return self.results.to_dataframe(wide=wide)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (list(self), self.results)

    def __repr__(self) -> str:
        return repr(self.results) if self.results else super().__repr__()


def _wide_table(title: str, analysis: str, items: list[ResultValue]) -> WideTable:
    columns = dict.fromkeys((item.quantity, item.unit) for item in items)
    rows: dict[tuple[str, str, int], dict[tuple[str, str], ResultValue]] = {}
    for item in items:
        row = rows.setdefault((item.object, item.roi, item.row), {})
        row[item.quantity, item.unit] = item
    return WideTable(title, analysis, tuple(columns), tuple(rows.items()))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _nothing(found: Results, name: str, text: str) -> KeyError:
    there = list(dict.fromkeys(repr(getattr(item, name)) for item in found))
    names = ", ".join(there[:10]) + ", …" * (len(there) > 10)
    return KeyError(f"no result has {name} {text!r:.80}; there are {names or 'none'}")
