"""The parts of JavaScript that a request needs, from either Python of a browser.

xeus-python comes with pyjs, which represents the objects of JavaScript by other rules
than Pyodide does. Recent versions also contain modules named `js` and `pyodide` that
are not Pyodide's. So this module looks for pyjs first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import import_module
from typing import Any

from datalab_workspace.live.transport.base import Body, Buffer


class JavaScript(ABC):
    """The parts of JavaScript that a transport uses.

    Attributes:
        scope: The global object.
        error: The exception that Python raises for an error in JavaScript.
    """

    scope: Any
    error: type[Exception]

    def new(self, name: str, *args: Any) -> Any:
        """Return a new object of a global class."""
        return getattr(self.scope, name).new(*args)

    def sent(self, body: Body) -> Any:
        """Return a body as one typed array, outside of this Python's memory."""
        whole, offset = self.new("Uint8Array", len(body)), 0
        for part in body:
            whole.set(self._typed(part), offset)
            offset += part.nbytes
        return whole

    @abstractmethod
    def callback(self, function: Callable[[Any], object]) -> Any:
        """Return a function of JavaScript that calls a function of Python."""

    @abstractmethod
    def received(self, response: Any) -> Buffer:
        """Return the bytes of an ``ArrayBuffer``; they may be written to."""

    @abstractmethod
    def _typed(self, part: memoryview) -> Any:
        """Return bytes as a typed array."""


class Pyjs(JavaScript):
    """The JavaScript of xeus-python."""

    def __init__(self) -> None:
        self._pyjs: Any = import_module("pyjs")
        self.scope = self._pyjs.js
        self.error = self._pyjs.JsException
        # What keeps the functions alive that JavaScript can call.
        self._handles: list[Any] = []

    def callback(self, function: Callable[[Any], object]) -> Any:
        """See `JavaScript.callback`."""
        callback, handle = self._pyjs.create_callable(function)
        self._handles.append(handle)
        return callback

    def received(self, response: Any) -> Buffer:
        """See `JavaScript.received`."""
        copied = self._pyjs.to_py(self.new("Uint8Array", response))
        return memoryview(copied)

    def _typed(self, part: memoryview) -> Any:
        return self._pyjs.buffer_to_js_typed_array(part)


class Pyodide(JavaScript):
    """The JavaScript of Pyodide."""

    def __init__(self) -> None:
        self.scope = import_module("js")
        ffi: Any = import_module("pyodide.ffi")
        self._to_js, self.error = ffi.to_js, ffi.JsException
        self._create_proxy = ffi.create_proxy

    def callback(self, function: Callable[[Any], object]) -> Any:
        """See `JavaScript.callback`."""
        return self._create_proxy(function)

    def received(self, response: Any) -> Buffer:
        """See `JavaScript.received`."""
        received = bytearray(response.byteLength)
        response.assign_to(received)
        return received

    def _typed(self, part: memoryview) -> Any:
        return self._to_js(part)


def javascript() -> JavaScript:
    """Return the JavaScript of this Python.

    Raises:
        ImportError: It does not run in a browser, or is neither of these two.
    """
    try:
        return Pyjs()
    except ModuleNotFoundError:
        return Pyodide()
