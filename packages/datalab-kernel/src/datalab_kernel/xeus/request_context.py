"""The request whose code is running, to which every message that is sent refers.

xeus-python keeps it in a context variable, as an object that Python code can neither
make nor change. The objects of the latest requests are kept, so that a thread can link
its output to one of them.
"""

from __future__ import annotations

import contextvars
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The name of xeus-python's context variable, and how many requests are kept.
NAME = "request_context"
KEPT = 1000

_variable: contextvars.ContextVar[Any] | None = None
_requests: OrderedDict[str, Any] = OrderedDict()


def variable() -> contextvars.ContextVar[Any] | None:
    """Return xeus-python's context variable; None before the first request."""
    global _variable
    if _variable is None:
        for found in contextvars.copy_context():
            if found.name == NAME:
                _variable = found
    return _variable


def arrived() -> Any:
    """Return the request that has just arrived, and keep it; None if there is none."""
    request = current()
    identity = header().get("msg_id")
    if identity is not None:
        _requests[identity] = request
        while len(_requests) > KEPT:
            _requests.popitem(last=False)
    return request


def current() -> Any:
    """Return the request of the context, or None."""
    found = variable()
    return None if found is None else found.get(None)


def header() -> dict[str, Any]:
    """Return the header of the request of the context; empty if there is none."""
    request = current()
    return {} if request is None else dict(request.header)


def parent() -> dict[str, Any]:
    """Return the request of the context as a message.

    Only its header is known: xeus-python does not pass the other parts to Python.
    """
    found = header()
    return {
        "header": found,
        "msg_id": found.get("msg_id"),
        "msg_type": found.get("msg_type"),
        "parent_header": {},
        "metadata": {},
        "content": {},
    }


def header_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the header of a message, or the header that is given in its place."""
    return dict(message.get("header", message))


def adopt(message: Mapping[str, Any]) -> contextvars.Token[Any] | None:
    """Set the request of the context to an earlier one.

    Nothing changes if the request is not one of the latest.

    Returns:
        A token with which `reset` restores the request, or None if nothing changed.
    """
    request = _requests.get(header_of(message).get("msg_id", ""))
    if request is None or _variable is None:
        return None
    return _variable.set(request)


def reset(token: contextvars.Token[Any] | None) -> None:
    """Restore the request that was the present one before `adopt`."""
    if token is not None and _variable is not None:
        _variable.reset(token)


@contextmanager
def of(message: Mapping[str, Any]) -> Iterator[None]:
    """Set the request of the context to an earlier one for a `with` block."""
    token = adopt(message)
    try:
        yield
    finally:
        reset(token)


def use(request: Any) -> None:
    """Set the request of the context; None changes nothing."""
    if request is not None and _variable is not None:
        _variable.set(request)
