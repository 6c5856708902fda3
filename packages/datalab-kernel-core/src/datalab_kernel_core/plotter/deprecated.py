"""Old names of arguments, which still work and raise a DeprecationWarning."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def renamed_arguments(**new_names: str) -> Callable[[F], F]:
    """Return a decorator that accepts old names of keyword arguments.

    Args:
        new_names: The new name of each argument, by its old name. An old name that is
            given as None counts as not given.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def renamed(*args: Any, **kwargs: Any) -> Any:
            for old in new_names.keys() & kwargs.keys():
                value, new = kwargs.pop(old), new_names[old]
                if value is None:
                    continue
                if new in kwargs:
                    raise TypeError(
                        f"{function.__name__}() got {new!r} and its old name {old!r}; "
                        f"pass only {new!r}"
                    )
                warn(f"{old}= of {function.__name__}()", f"{new}=", stacklevel=3)
                kwargs[new] = value
            return function(*args, **kwargs)

        return renamed  # type: ignore[return-value]  # the same function to its callers

    return decorate


def warn(old: str, new: str, *, stacklevel: int) -> None:
    """Issue the warning for a name of an earlier version.

    Args:
        old: The deprecated spelling.
        new: The spelling to use instead.
        stacklevel: As in `warnings.warn`, where 1 is this function.
    """
    message = f"{old} is deprecated; use {new} instead"
    warnings.warn(message, DeprecationWarning, stacklevel=stacklevel)
