"""Misspelt arguments raise an error that says what was meant."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from datalab_workspace.errors import close_matches

F = TypeVar("F", bound=Callable[..., Any])


def suggest_on_typo(function: F) -> F:
    """Decorate `function` so that an unknown keyword argument names close matches.

    Python itself does so from version 3.13 on, and only for some callables.
    """
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        raise TypeError(f"{function.__qualname__} takes any keyword")
    known = [p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY]
    known = [name for name in known if name != "self"]

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        unknown = next((keyword for keyword in kwargs if keyword not in known), None)
        # A traceback may show variables, and a token may be among the arguments. So
        # they are in no variable of this frame when an exception is raised.
        call: list[Any] = [kwargs, args] if unknown is None else []
        del args, kwargs
        if unknown is not None:
            raise unknown_argument(function.__name__, unknown, known)
        return function(*call.pop(), **call.pop())

    return checked  # type: ignore[return-value]


def unknown_argument(function: str, keyword: str, known: list[str]) -> TypeError:
    """Return the error for an argument that does not exist.

    Args:
        function: Name of the function that was called.
        keyword: The argument that it does not have.
        known: Those that it has.
    """
    message = f"{function}() has no argument {keyword!r}"
    close = close_matches(keyword, known, limit=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(known)}"
    return TypeError(f"{message}; {hint}")


def one_of(value: object, argument: str, choices: tuple[str, ...]) -> None:
    """Raise `ValueError`, naming the choices, unless `value` is one of them."""
    if value not in choices:
        close = close_matches(str(value), choices, limit=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"{argument}={value!r} is none of {', '.join(map(repr, choices))}{hint}"
        )
