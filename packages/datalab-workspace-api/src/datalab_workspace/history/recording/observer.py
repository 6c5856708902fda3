"""The observer of sigima's calls: each one becomes a step of its result.

sigima reports the outermost calls of its features to one observer. This observer never
breaks a user's call: an error is counted, and the result has no history.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, TypeAlias

from datalab_workspace.history import failures
from datalab_workspace.history.bounds import bounded
from datalab_workspace.history.calls import noted_calls as calls
from datalab_workspace.history.cells import running_cell
from datalab_workspace.history.environment import here
from datalab_workspace.history.recording.held_objects import (
    link_result,
    note_uses,
    step_of,
)
from datalab_workspace.history.steps import Action, Cell, Step
from datalab_workspace.model.sigima_objects import object_kind

Observer: TypeAlias = "Callable[[Any, Any], Callable[[Any], None] | None]"

_MOST_SHARED = 1024
_MODULE = "sigima.proc.decorator"
#: The variable that holds sigima's observer, once sigima is imported.
_variable: ContextVar[Any] | None = None
_silent: ContextVar[bool] = ContextVar("datalab_workspace_silent", default=False)
#: The calls that were noted last, so that equal ones share one action.
_shared: dict[Any, calls.NotedCall] = {}


class CalledStep(Step):
    """The step of a call, whose parameters are encoded when they are needed."""

    __slots__ = ("_noted",)

    def __init__(
        self, noted: calls.NotedCall, inputs: tuple[Step, ...], cell: Cell | None
    ) -> None:
        self._noted = noted
        self.inputs = inputs
        self.cell = cell
        self.environment = here()
        self.stored = None
        self.__post_init__()

    @property
    def action(self) -> Action:  # type: ignore[override]  # encoded when needed
        """The call."""
        return self._noted.call()


def watch() -> None:
    """Observe the calls of sigima in the present context, from now on.

    A context begins with each cell in some kernels, with each thread and each task.
    """
    global _variable
    if _variable is None:
        _variable = getattr(sys.modules.get(_MODULE), "_CALL_OBSERVER", None)
        if _variable is None:  # sigima is not imported, or older than 1.3
            _await_import()
            return
    present = _variable.get()
    if present is _observe or getattr(present, "func", None) is _observe_too:
        return
    # `observe_calls` would end with the object that it returns, wherever that is
    # collected. Another tool that observes calls continues to do so.
    _variable.set(
        _observe if present is None else functools.partial(_observe_too, present)
    )


class _Awaiting:
    """An entry of `sys.meta_path` that waits for the import of sigima's features.

    A cell may import them and call them at once.
    """

    def find_spec(
        self, fullname: str, path: Any, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module as usual, and observe calls after its import."""
        if fullname != _MODULE:
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path, target)
        loader: Any = None if spec is None else spec.loader
        if loader is not None:
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                watch()

            loader.exec_module = exec_module
        return spec


_awaiting = _Awaiting()


def _await_import() -> None:
    """Observe calls as soon as sigima's features are imported."""
    if _MODULE not in sys.modules and _awaiting not in sys.meta_path:
        sys.meta_path.insert(0, _awaiting)


@contextmanager
def silenced() -> Iterator[None]:
    """Note no calls of sigima: `calc` notes its own call."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def shared_call(noted: calls.NotedCall) -> calls.NotedCall:
    """Return an earlier call that is equal, if there is one, or the call itself."""
    key = noted.key()
    if key is None:
        return noted
    if len(_shared) > _MOST_SHARED:
        _shared.clear()
    return _shared.setdefault(key, noted)


def _observe(function: Any, arguments: Any) -> Callable[[Any], None] | None:
    if _silent.get():
        return None
    try:
        objects, others = calls.split(arguments)
        noted = calls.note(function, others) if objects else None
        if noted is None:
            return None
        inputs = tuple([step_of(obj) for obj in objects])
        return functools.partial(_note_result, shared_call(noted), inputs, objects)
    except Exception as error:  # noqa: BLE001  # the user's call continues
        failures.note(error)
        return None


def _note_result(
    noted: calls.NotedCall, inputs: tuple[Step, ...], objects: list[Any], result: Any
) -> None:
    try:
        if object_kind(result) is not None:
            cell = running_cell.current()
            step = bounded(CalledStep(noted, inputs, cell))
            link_result(result, step, cell)
            note_uses(objects, step)
    except Exception as error:  # noqa: BLE001  # the user's call continues
        failures.note(error)


def _observe_too(
    first: Observer, function: Any, arguments: Any
) -> Callable[[Any], None] | None:
    """Report a call to another observer first; do not catch its errors."""
    theirs, ours = first(function, arguments), _observe(function, arguments)
    if theirs is None or ours is None:
        return theirs or ours

    def on_result(result: Any) -> None:
        ours(result)
        theirs(result)

    return on_result
