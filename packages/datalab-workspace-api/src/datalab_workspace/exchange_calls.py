"""The calls of a workspace that hand its objects to other programs and libraries."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias, overload

from datalab_workspace.session import Session
from datalab_workspace.validation import suggest_on_typo

Paths: TypeAlias = "list[Path]"


class ExchangeCalls:
    """The calls of a workspace that convert objects for other programs."""

    _session: Session

    @overload
    def export(  # type: ignore[overload-overlap]  # a string is an iterable of strings
        self,
        names: str,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,
        overwrite: bool = False,
        lossy: bool = False,
    ) -> Path: ...
    @overload
    def export(
        self,
        names: Iterable[str],
        path: str | os.PathLike[str],
        *,
        format: str | None = None,
        overwrite: bool = False,
        lossy: bool = False,
    ) -> Paths: ...
    @suggest_on_typo
    def export(
        self,
        names: str | Iterable[str],
        path: str | os.PathLike[str],
        *,
        format: str | None = None,
        overwrite: bool = False,
        lossy: bool = False,
    ) -> Path | Paths:
        """Write objects to files for other programs: all of them, or none.

        The suffix chooses the format: ``.csv``, ``.txt``, ``.npy``, ``.mat`` and
        ``.h5sig`` for signals; ``.tif``, ``.png``, ``.jp2``, ``.bmp``, ``.jpg``,
        ``.csv``, ``.txt``, ``.asc``, ``.npy``, ``.mat`` and ``.h5ima`` for images.
        Everything is checked before the first file is written.

        Args:
            names: One name, UUID or short id, or several.
            path: One of these:

                - a file, such as ``"a.csv"``. Several signals with the same x become
                  the columns of one ``.csv`` or ``.txt`` file;
                - a template for a file for each object: ``"out/{name}.tif"``;
                - a folder, with `format`. It is created if only it is missing. Each
                  file is called like its object; characters that file names cannot
                  contain become ``_``, and names that would clash get a number.

            format: The suffix of the files in a folder, such as ``"csv"``.
            overwrite: Replace files that exist.
            lossy: Also write data that the format cannot hold unchanged. Masked values
                become NaN. In a picture, values that do not fit are scaled: the range
                of the image (or its `zscalemin` to `zscalemax`) becomes that of the
                picture.

        Returns:
            The path of the file for one name; otherwise the paths of all files.

        Raises:
            KeyError: There is no object with one of the names.
            ExportError: There is no format with the suffix, or the format cannot hold
                the data of an object unchanged, and `lossy` is False (a `ValueError`).
            FileExistsError: Some of the files exist, and `overwrite` is False.
            FileNotFoundError: The folder of the folder does not exist.
            OSError: A file cannot be written. Files that are new are removed.

        Warns:
            UserWarning: The format does not hold everything else: units, regions of
                interest, metadata and so on. One warning lists them for all objects.

        Example:
            >>> workspace.add("ramp", np.arange(5.0))
            'ramp'
            >>> workspace.export("ramp", "ramp.csv").name
            'ramp.csv'
        """
        from datalab_workspace.operations import export as export_operation

        return export_operation.export(
            self._session, names, path, format, overwrite, lossy
        )

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
        from datalab_workspace.operations import exchange

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
        from datalab_workspace.operations import exchange

        return exchange.convert(self._session, names, "to_xarray")
