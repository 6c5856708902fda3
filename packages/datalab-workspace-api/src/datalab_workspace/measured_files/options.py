"""The options of the readers of measured files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from datalab_workspace.validation import one_of, unknown_argument

#: The arguments of `Workspace.read` that are not options of a reader.
_ARGUMENTS = ["where", "kind", "group", "on_conflict", "errors", "stack"]
STACKS = ("images", "colors", "refuse")


@dataclass(frozen=True)
class TableOptions:
    """Options for text files; None lets the file decide.

    Attributes:
        sep: The separator of the columns; ``" "`` stands for any number of spaces.
        decimal: The decimal mark, "." or ",".
        thousands: The separator of groups of three digits.
        encoding: The encoding, for example "latin-1".
        header: Whether a line above the numbers names the columns.
        skiprows: The number of lines to leave out at the beginning.
        dayfirst: Whether 03/04/2025 is the third of April.
    """

    sep: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    header: bool | None = None
    skiprows: int | None = None
    dayfirst: bool | None = None


@dataclass(frozen=True)
class RawOptions:
    """Options for images without a header, as `sigima.io.RawImageImportParam` has them.

    Attributes:
        dtype: The type of a pixel, for example "uint16".
        width: The number of columns.
        height: The number of rows.
        offset: The number of bytes before the first image.
        count: The number of images.
        gap: The number of bytes between two images.
        little_endian: Whether the lowest byte of a pixel comes first.
        white_is_zero: Whether small values are bright.
    """

    dtype: str | None = None
    width: int | None = None
    height: int | None = None
    offset: int | None = None
    count: int | None = None
    gap: int | None = None
    little_endian: bool | None = None
    white_is_zero: bool | None = None


@dataclass(frozen=True)
class ReadOptions:
    """All options of a call.

    Attributes:
        kind: "signal" or "image", to read the files as such; None lets them decide.
        stack: What a file with three axes is if it may be both: "images" frames,
            "colors" one image with colors. "refuse" refuses files with several images.
        table: Options for text files.
        raw: Options for images without a header.
    """

    kind: str | None
    stack: str | None
    table: TableOptions
    raw: RawOptions


def read_options(
    kind: str | None, stack: str | None, options: Mapping[str, Any]
) -> ReadOptions:
    """Return the options of a call, checked.

    Raises:
        TypeError: There is no such option, or its value has the wrong type.
        ValueError: The value is not one of the choices.
    """
    if stack is not None:
        one_of(stack, "stack", STACKS)
    table = {field.name for field in fields(TableOptions)}
    raw = {field.name for field in fields(RawOptions)}
    for name, value in options.items():
        if name not in table | raw:
            known = [*_ARGUMENTS, *sorted(table), *sorted(raw)]
            raise unknown_argument("read", name, known)
        _check_type(name, value)
    if options.get("decimal") is not None:
        one_of(options["decimal"], "decimal", (".", ","))
    return ReadOptions(
        kind,
        stack,
        TableOptions(**{k: v for k, v in options.items() if k in table}),
        RawOptions(**{k: v for k, v in options.items() if k in raw}),
    )


_TYPES: dict[str, type] = {
    **dict.fromkeys(("sep", "decimal", "thousands", "encoding", "dtype"), str),
    **dict.fromkeys(("skiprows", "width", "height", "offset", "count", "gap"), int),
    **dict.fromkeys(("header", "dayfirst", "little_endian", "white_is_zero"), bool),
}
_SAID = {str: "a string", int: "an integer", bool: "True or False"}


def _check_type(name: str, value: object) -> None:
    wanted = _TYPES[name]
    fits = isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
    if value is not None and not fits:
        raise TypeError(
            f"expected {_SAID[wanted]} for {name}, got {type(value).__name__}"
        )
    if wanted is int and isinstance(value, int) and value < 0:
        raise ValueError(f"{name}={value} is negative")


def check_use(options: ReadOptions, *, tables: bool, raw: bool) -> None:
    """Raise an error for options that concern none of the files.

    Args:
        options: The options of a call.
        tables: Whether there is a text file among its files.
        raw: Whether there is an image without a header.

    Raises:
        ValueError: No file is of the kind that an option concerns.
    """
    for part, present, what in (
        (options.table, tables, "text files"),
        (options.raw, raw, "images without a header (.raw)"),
    ):
        if given(part) and not present:
            raise ValueError(
                f"{', '.join(given(part))}: for {what}, and there is none; leave it out"
            )


def given(options: TableOptions | RawOptions) -> dict[str, Any]:
    """Return the options that the caller gave."""
    values = {field.name: getattr(options, field.name) for field in fields(options)}
    return {name: value for name, value in values.items() if value is not None}
