"""Check arguments, and suggest the right spelling of a wrong one."""

from __future__ import annotations

import functools
import inspect
import os
import warnings
from collections.abc import Callable
from numbers import Real
from pathlib import Path
from typing import Any, TypeVar

from datalab_workspace.call_signature import CallSignature, unknown_keyword
from datalab_workspace.error_messages import close_matches

F = TypeVar("F", bound=Callable[..., Any])

#: Packages whose modules are not the code of a user.
_NOT_USERS = ("datalab_kernel", "datalab_kernel_core", "datalab_workspace", "importlib")


def suggest_on_typo(function: F) -> F:
    """Decorate `function` so that the error for a wrong argument says what to do.

    The error for an unknown keyword names a close match. Python makes such a suggestion
    itself only since version 3.13, and only for some callables. The error for too many
    arguments suggests a list if the function takes one.

    Args:
        function: A function without ``*args`` and ``**kwargs`` parameters.

    Returns:
        A function with the same signature, which raises `TypeError` for an unknown
        keyword, for too many arguments and for one that is missing.

    Raises:
        TypeError: `function` accepts any keyword.
    """
    if CallSignature(function).any_keyword:
        raise TypeError(
            f"{function.__qualname__} accepts any keyword; a typo cannot be detected"
        )
    return suggest()(function)


def suggest(*, surplus: str = "") -> Callable[[F], F]:
    """Return a decorator like `suggest_on_typo`, for functions of any keyword, too.

    Args:
        surplus: The hint for a call with too many arguments; by default, a list is
            suggested if the function takes one.
    """

    def decorate(function: F) -> F:
        signature = CallSignature(function, surplus)

        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            mistake = signature.mistake(len(args), kwargs)
            # A traceback may show variables, and a token may be among the arguments.
            # So they are in no variable of this frame when an exception is raised.
            call: list[Any] = [kwargs, args] if mistake is None else []
            del args, kwargs
            if mistake is not None:
                raise TypeError(mistake)
            return function(*call.pop(), **call.pop())

        return checked  # type: ignore[return-value]  # a wrapper of the same signature

    return decorate


def old_arguments(*positional: str, **renamed: str) -> Callable[[F], F]:
    """Return a decorator that accepts the arguments of an earlier version.

    Each of them has its effect, and raises a `DeprecationWarning` at the line of the
    call that shows the new spelling.

    Args:
        positional: Keyword-only arguments that were also accepted by position, after
            the positional ones that are left. They were True or False.
        renamed: The new name of each argument by its old name. An old name that is
            given as None counts as not given.
    """

    def decorate(function: F) -> F:
        parameters = inspect.signature(function).parameters.values()
        count = sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
        called = f"{function.__name__}()"

        @functools.wraps(function)
        def accepting(*args: Any, **kwargs: Any) -> Any:
            extra = args[count:]
            flags = all(isinstance(value, bool) for value in extra)
            if flags and 0 < len(extra) <= len(positional):
                args = args[:count]
                for name, value in zip(positional, extra, strict=False):
                    if name in kwargs:
                        raise TypeError(f"{called} got two values for {name!r}")
                    kwargs[name] = value
                    new = f"{name}={value!r:.40}"
                    warn_of_old(f"{name} by position in {called}", new)
            for old, new in renamed.items():
                value = kwargs.pop(old, None)
                if value is None:
                    continue
                if new in kwargs:
                    raise TypeError(
                        f"{called} got {new!r} and its old name {old!r}; "
                        f"pass only {new!r}"
                    )
                warn_of_old(f"{old}= of {called}", f"{new}=")
                kwargs[new] = value
            return function(*args, **kwargs)

        return accepting  # type: ignore[return-value]  # the same to its callers

    return decorate


def warn_of_old(old: str, new: str) -> None:
    """Raise the `DeprecationWarning` for something of an earlier version.

    Args:
        old: The deprecated spelling.
        new: The spelling to use instead.
    """
    warn_caller(f"{old} is deprecated; use {new} instead", DeprecationWarning)


def warn_caller(message: str, category: type[Warning]) -> None:
    """Raise a warning that points to the line that called this package.

    The line is found however deep the call is now. Only so does Python show a
    `DeprecationWarning` in a notebook, and any warning again for another line.

    Args:
        message: The message.
        category: The class of the warning.
    """
    frame = inspect.currentframe()
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] not in _NOT_USERS:
            break
    assert frame is not None, "every implementation of Python that we support has it"
    warnings.warn_explicit(
        message,
        category,
        frame.f_code.co_filename,
        frame.f_lineno,
        module=frame.f_globals.get("__name__", ""),
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )


def unknown_argument(function: str, keyword: str, known: list[str]) -> TypeError:
    """Return the error for an argument that does not exist.

    Args:
        function: Name of the function that was called.
        keyword: The unknown argument.
        known: The arguments of the function.
    """
    return TypeError(unknown_keyword(function, keyword, known))


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


def absolute_path(path: str | os.PathLike[str]) -> Path:
    """Return the absolute path of a file or folder; ``~`` is expanded.

    A later `os.chdir` does not move it. A symbolic link stays one.

    Raises:
        TypeError: The path is not a string or a `Path`.
        ValueError: The path is empty.
    """
    text = os.fspath(path)
    if not isinstance(text, str):
        raise TypeError(
            f"expected a string or a Path for path, got {type(text).__name__}"
        )
    if not text:
        raise ValueError("the path is empty")
    # resolve() would replace a symbolic link by its target in what the user sees, and
    # Path.expanduser() raises an error for a user that does not exist.
    return Path(os.path.abspath(os.path.expanduser(text)))  # noqa: PTH100, PTH111


def check_timeout(timeout: object) -> None:
    """Raise an error unless `timeout` is None or a number of seconds.

    Raises:
        TypeError: It is not a number.
        ValueError: It is negative or not a number (NaN).
    """
    if timeout is None:
        return
    if isinstance(timeout, bool) or not isinstance(timeout, Real):
        raise TypeError(
            "expected a number of seconds or None for timeout, got "
            f"{type(timeout).__name__}"
        )
    if not float(timeout) >= 0:
        raise ValueError(
            f"timeout={timeout} is not a number of seconds; leave it out to wait as "
            "long as it takes"
        )
