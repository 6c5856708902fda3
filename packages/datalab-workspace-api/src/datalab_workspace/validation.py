"""Check arguments, and suggest the right spelling of a wrong one."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from datalab_workspace.errors import close_matches

F = TypeVar("F", bound=Callable[..., Any])


def suggest_on_typo(function: F) -> F:
    """Decorate `function` so that the error for an unknown keyword names a close match.

    Python makes such a suggestion itself only since version 3.13, and only for some
    callables.

    Args:
        function: A function without a ``**kwargs`` parameter.

    Returns:
        A function with the same signature, which raises `TypeError` for an unknown
        keyword.

    Raises:
        TypeError: `function` accepts any keyword.
    """
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        raise TypeError(
            f"{function.__qualname__} accepts any keyword; a typo cannot be detected"
        )
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

    return checked  # type: ignore[return-value]  # a wrapper with the same signature


def warn_if_positional(argument: str) -> Callable[[F], F]:
    """Decorate a method so that passing `argument` by its position is deprecated."""

    def decorate(function: F) -> F:
        position = list(inspect.signature(function).parameters).index(argument)

        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if len(args) == position + 1:
                warnings.warn(
                    f"{function.__name__}() will not accept {argument} as a positional "
                    f"argument; pass {argument}={args[position]!r:.40}",
                    DeprecationWarning,
                    stacklevel=2,
                )
            return function(*args, **kwargs)

        return checked  # type: ignore[return-value]

    return decorate


def unknown_argument(function: str, keyword: str, known: list[str]) -> TypeError:
    """Return the error for an argument that does not exist.

    Args:
        function: Name of the function that was called.
        keyword: The unknown argument.
        known: The arguments of the function.
    """
    message = f"{function}() has no argument {keyword!r}"
    close = close_matches(keyword, known, limit=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(known)}"
    return TypeError(f"{message}; {hint}")


def one_of(value: object, argument: str, choices: tuple[str, ...]) -> None:
    """Raise `ValueError` unless `value` is one of the choices.

    Args:
        value: The value of the argument.
        argument: Name of the argument, for the error.
        choices: The allowed values, which the error lists.
    """
    if value not in choices:
        close = close_matches(str(value), choices, limit=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"{argument}={value!r} is not one of {', '.join(map(repr, choices))}{hint}"
        )
