"""Make a Python on Linux refuse what the Python of a web page cannot do.

It must be imported before anything else. `refused` lists the calls that were refused,
and `absent` the modules that were looked for in vain, each with the place of the call.

The platform, the missing modules and the missing functions are those of CPython 3.13 as
it is configured for browsers. Not simulated: 32-bit integers and addresses, the file
system of JupyterLite, and C code, which may start threads here.
"""

from __future__ import annotations

import _thread
import os
import posix
import sys
import types
from typing import Any, NoReturn

ABSENT = frozenset(
    (
        *("_curses", "_curses_panel", "_dbm", "_gdbm", "_interpchannels"),
        *("_interpqueues", "_interpreters", "_multiprocessing", "_posixshmem"),
        *("_posixsubprocess", "_ssl", "_tkinter", "curses", "dbm", "ensurepip"),
        *("fcntl", "grp", "idlelib", "nis", "pwd", "readline", "resource", "syslog"),
        *("termios", "tkinter", "turtle", "turtledemo", "venv"),
    )
)
_NO_FUNCTIONS = (
    *("fork", "forkpty", "posix_spawn", "posix_spawnp", "register_at_fork", "wait"),
    *("wait3", "wait4", "waitid", "waitpid", "pidfd_open", "memfd_create", "eventfd"),
    *("openpty", "sched_getaffinity", "sched_setaffinity", "killpg"),
)
refused: list[str] = []
absent: list[str] = []


def _caller() -> str:
    """Return the innermost frames outside of the standard library's machinery."""
    frame: types.FrameType | None = sys._getframe(2)
    places: list[str] = []
    while frame is not None and len(places) < 6:
        name = frame.f_globals.get("__name__", "?")
        if not name.startswith("importlib"):
            places.append(f"{name}:{frame.f_lineno}")
        frame = frame.f_back
    return " < ".join(places)


class _WithoutAbsent:
    """A finder that does not find the modules that no page has."""

    def __init__(self, finder: Any) -> None:
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)

    def find_spec(self, name: str, *path: Any) -> Any:
        if name.partition(".")[0] in ABSENT:
            if f"{name}: " not in "".join(absent):
                absent.append(f"{name}: {_caller()}")
            return None
        return self._finder.find_spec(name, *path)


def _refuse(what: str, error: type[Exception], *arguments: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> NoReturn:
        refused.append(f"{what}: {_caller()}")
        raise error(*arguments)

    return call


def _simulate() -> None:
    no_thread = _refuse("thread", RuntimeError, "can't start new thread")
    for name in ("start_new_thread", "start_new", "start_joinable_thread"):
        setattr(_thread, name, no_thread)
    import sysconfig  # after that, because it imports threading

    sysconfig.get_config_vars()  # read for the real platform, and then kept
    sys.platform = "emscripten"
    machine = ("Emscripten", "localhost", "4.0.9", "#1", "wasm32")
    os.uname = lambda: posix.uname_result(machine)
    os.cpu_count = os.process_cpu_count = lambda: 1
    for name in _NO_FUNCTIONS:
        for module in (os, posix):
            if hasattr(module, name):
                delattr(module, name)
    os.system = _refuse("process", OSError, 138, "Not supported")
    for name in ("start_new_thread", "start_new", "start_joinable_thread"):
        setattr(
            _thread, name, _refuse("thread", RuntimeError, "can't start new thread")
        )
    sys.meta_path[:] = [_WithoutAbsent(finder) for finder in sys.meta_path]
    for name in ABSENT & set(sys.modules):
        del sys.modules[name]
    _refuse_sockets()
    _add_pyjs()


def _refuse_sockets() -> None:
    import socket

    for name in ("bind", "connect", "connect_ex", "listen", "sendto"):
        setattr(socket.socket, name, _refuse("socket", TimeoutError, "timed out"))
    socket.socketpair = _refuse("socket", OSError, 138, "Not supported")


def _add_pyjs() -> None:
    """Add the part of pyjs that a transport uses, on a page without a network."""
    pyjs = types.ModuleType("pyjs")

    class JsException(Exception):  # noqa: N818  its name in pyjs
        pass

    class Request:
        status = 0

        def open(self, *arguments: Any) -> None: ...
        def setRequestHeader(self, *arguments: Any) -> None: ...
        def send(self, *arguments: Any) -> NoReturn:
            raise JsException("NetworkError: Failed to execute 'send'")

    site = "http://127.0.0.1:8000"
    location = types.SimpleNamespace(
        href=f"{site}/extensions/@jupyterlite/xeus/static/worker.js",
        origin=site,
        hostname="127.0.0.1",
        protocol="http:",
        search="",
    )
    js = types.ModuleType("js")
    js.self = types.SimpleNamespace(location=location)
    js.eval = lambda code: None  # the storage of the page reports nothing
    js.XMLHttpRequest = types.SimpleNamespace(new=Request)
    pyjs.js, pyjs.JsException = js, JsException
    sys.modules.update(pyjs=pyjs, js=js)


_simulate()
