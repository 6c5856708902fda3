"""The calls of a workspace that hand its objects to other programs and libraries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, overload

from datalab_workspace.operations import exchange
from datalab_workspace.session import Session
from datalab_workspace.validation import suggest_on_typo


class ExchangeCalls:
    """The calls of a workspace that convert objects for other programs."""

    _session: Session

    @overload
    def to_pandas(self, names: str) -> Any: ...
    @overload
    def to_pandas(self, names: Iterable[str] | None = None) -> dict[str, Any]: ...
    @suggest_on_typo
    def to_pandas(self, names: str | Iterable[str] | None = None) -> Any:
        """Return objects as DataFrames of pandas.

        The DataFrame of a signal has x as its index, a column of y, and the columns dx
        and dy if the signal has uncertainties. That of an image has the coordinates of
        the rows as its index and those of the columns as its columns. Names such as
        "Voltage (V)" are label and unit. Dates on x become a `DatetimeIndex`. Masked
        elements are NaN.

        Args:
            names: One name, UUID or short id; several; or None for all objects.

        Returns:
            A DataFrame for one name; otherwise a dict of DataFrames by name.

        Raises:
            KeyError: There is no object with one of the names.
            ImportError: pandas is not installed.

        Example:
            >>> workspace.to_pandas("peak").shape[1]
            1
        """
        return exchange.convert(self._session, names, "to_pandas")

    @overload
    def to_xarray(self, names: str) -> Any: ...
    @overload
    def to_xarray(self, names: Iterable[str] | None = None) -> dict[str, Any]: ...
    @suggest_on_typo
    def to_xarray(self, names: str | Iterable[str] | None = None) -> Any:
        """Return objects as DataArrays of xarray.

        Dimensions are x for a signal, y and x for an image. Labels and units are the
        attributes "long_name" and "units", the user's metadata are attributes, and
        uncertainties are the coordinates dx and dy. Dates on x become `datetime64`.
        `add` makes an equal object of the result, except for what xarray cannot hold:
        regions of interest, results, annotations, scales and masks (masked elements
        are NaN).

        Args:
            names: One name, UUID or short id; several; or None for all objects.

        Returns:
            A DataArray for one name; otherwise a dict of DataArrays by name.

        Raises:
            KeyError: There is no object with one of the names.
            ImportError: xarray is not installed.

        Example:
            >>> workspace.to_xarray("spot").dims
            ('y', 'x')
        """
        return exchange.convert(self._session, names, "to_xarray")
