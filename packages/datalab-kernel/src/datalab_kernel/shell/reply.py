"""The reply to a cell, made from IPython's `ExecutionResult` and from nothing else.

A cell has failed if its result names an exception. Whether the exception was shown, and
by whom, does not matter: a handler of the user may show it or hide it.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, NamedTuple

from datalab_kernel.shell.safe_json import safe_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from IPython.core.interactiveshell import ExecutionResult


class Failure(NamedTuple):
    """The error in the reply to a cell.

    Args:
        name: The name of the exception's class.
        message: The string of the exception.
        lines: The traceback, with ANSI colours.
    """

    name: str
    message: str
    lines: tuple[str, ...]

    def as_list(self) -> list[Any]:
        """Return the error in the form that xeus-python reads."""
        return [self.name, self.message, list(self.lines)]


class Report(NamedTuple):
    """A traceback that IPython has formatted.

    Args:
        error: The exception.
        lines: The traceback, as IPython or the exception's own method returned it.
        of_result: Whether the exception was raised while the cell's result was
            formatted. The cell has failed then, although its code has not.
    """

    error: BaseException
    lines: Sequence[str]
    of_result: bool = False


def failure_of(
    result: ExecutionResult | None, reports: Sequence[Report]
) -> Failure | None:
    """Return the error of a cell, or None if it succeeded.

    Args:
        result: What IPython returned for the cell.
        reports: The tracebacks that were formatted while the cell ran.
    """
    if result is None:
        return None
    error = result.error_before_exec
    if error is None:
        error = result.error_in_exec
    if error is None:
        error = next((report.error for report in reports if report.of_result), None)
    return None if error is None else describe(error, reports)


def describe(error: BaseException, reports: Iterable[Report] = ()) -> Failure:
    """Return the error for an exception, with its last traceback.

    If there is no traceback, other code has shown the exception. The reply then has
    the exception in one line, so that a front end does not show it twice.
    """
    name, message = _name(type(error)), text_of(error)
    lines: tuple[str, ...] = (f"{name}: {message}",)
    for report in reports:
        if report.error is error:
            lines = _lines(report.lines)
    return Failure(name, message, lines)


def internal(error: BaseException) -> Failure:
    """Return the error for an exception in the code that runs cells."""
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return Failure(_name(type(error)), text_of(error), _lines(lines))


def text_of(error: Any) -> str:
    """Return the string of an exception, also if its own method fails."""
    try:
        return safe_text(str(error))
    except Exception as reason:  # noqa: BLE001  # the user's own code may run
        return f"<str() raised {type(reason).__name__}>"


def _name(kind: Any) -> str:
    return safe_text(getattr(kind, "__name__", None) or str(kind))


def _lines(lines: Any) -> tuple[str, ...]:
    """Return the lines of a traceback, which an exception's own method may return."""
    if isinstance(lines, str):
        lines = [lines]
    return tuple(safe_text(str(line)) for line in lines or ())
