"""Run the cells that made an object again, and return what they make.

The cells run in a namespace of their own, with a workspace of their own. Their output
is not shown, and they write no file through the workspace. They are code, which may do
anything else: the cells of a file run only if the user asks for it.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import threading
from collections.abc import Callable, Mapping
from contextvars import copy_context
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

from datalab_workspace.errors import NotReplayableError
from datalab_workspace.history.cells.running_cell import LoggedCell
from datalab_workspace.history.cells.slices import identity_of
from datalab_workspace.history.cells.text import (
    CELL_FLAGS,
    magic_lines,
    parsed,
    python_body,
    shell_transform,
    syntax_tree,
)
from datalab_workspace.history.replay.cell_plan import CellPlan
from datalab_workspace.history.replay.namespace import namespace
from datalab_workspace.history.replay.preserved_state import preserved_state
from datalab_workspace.history.replay.scratch import ScratchBackend
from datalab_workspace.history.steps import Cell
from datalab_workspace.model.record import Kind, Record


def remake(
    plan: CellPlan,
    *,
    numbers: Mapping[str, tuple[Kind, int]],
    before: Callable[[Cell], None] | None = None,
) -> Record:
    """Run the cells of a plan and return the object that they make.

    Args:
        plan: The cells, and the objects with which they begin.
        numbers: The number of each object among the signals or images, by name.
        before: Called before each cell.

    Returns:
        The record that the last cell stores, before the edits of the plan.

    Raises:
        NotReplayableError: The text of a cell is not kept, or a cell fails, needs
            something that is not here, or does not store the object.
    """
    for cell in plan.cells:
        if _source(cell) is None:
            raise NotReplayableError(f"the text of {named(cell)} is not kept")
    backend = ScratchBackend(numbers)
    for name, record in plan.offered.items():
        backend.offer(record, name)
    runner = _Runner(backend)
    with preserved_state():
        for cell in plan.cells:
            if before is not None:
                before(cell)
            for name, edit in plan.edited.get(identity_of(cell), ()):
                backend.edit_as(edit, name)
            backend.given = plan.given.get(identity_of(cell), {})
            runner.run(cell)
            if identity_of(cell) == identity_of(plan.last):
                made = backend.made(plan.name)
                if made is not None:
                    return made
    raise NotReplayableError(f"the cells did not store {plan.name!r:.80} again")


def named(cell: Cell) -> str:
    """Return the words for a cell in a message."""
    return f"cell [{cell.number}]" if cell.number else "a cell without a number"


def _source(cell: Cell) -> str | None:
    return cell.source if isinstance(cell, LoggedCell) else cell.text


class _Runner:
    """The namespaces in which cells run, one for each session that they come from."""

    def __init__(self, backend: ScratchBackend) -> None:
        self._workspace = backend.workspace
        self._namespaces: dict[str, dict[str, Any]] = {}

    def run(self, cell: Cell) -> None:
        """Run a cell; raise an error that names it if it fails and did not before."""
        source = _source(cell) or ""
        try:
            code = _compiled(source, cell)
            self._execute(code, self._names(cell.session))
        except NotReplayableError as error:
            raise NotReplayableError(f"{named(cell)}: {error}") from error
        except Exception as error:
            if not cell.failed:
                raise NotReplayableError(
                    f"{named(cell)} fails here: {type(error).__name__}: {error!s:.200}"
                ) from error

    def _names(self, session: str) -> dict[str, Any]:
        if session not in self._namespaces:
            run = partial(self._run_text, session)
            self._namespaces[session] = namespace(self._workspace, run)
        return self._namespaces[session]

    def _run_text(self, session: str, text: str, *_options: object) -> None:
        self._execute(_compiled(text, Cell(0, text)), self._names(session))

    def _execute(self, code: CodeType, names: dict[str, Any]) -> None:
        if not code.co_flags & inspect.CO_COROUTINE:
            exec(code, names)  # noqa: S102  # the user asked for it
            return
        failure: list[BaseException] = []

        async def main() -> None:
            await eval(code, names)  # noqa: S307  # the user asked for it

        def run() -> None:
            try:
                asyncio.run(main())
            except BaseException as error:  # noqa: BLE001  # raised below
                failure.append(error)

        # The loop of the notebook runs already, so that another thread is needed.
        thread = threading.Thread(target=copy_context().run, args=(run,))
        thread.start()
        thread.join()
        if failure:
            raise failure[0]


def _compiled(source: str, cell: Cell) -> CodeType:
    """Return the code of a cell.

    Raises:
        NotReplayableError: It is not Python.
    """
    body = python_body(source)
    tree = None if body is None else syntax_tree(body)
    if tree is None and body is not None:
        transform = _transform()
        if transform is None and magic_lines(body):
            raise NotReplayableError("its magics need IPython, which is not installed")
        tree = parsed(body, transform)
    if tree is None:
        raise NotReplayableError("it is not Python")
    if not isinstance(cell, LoggedCell):
        tree = ast.fix_missing_locations(_HomeFolder().visit(tree))
    code: CodeType = compile(
        tree, f"<{named(cell)}>", "exec", CELL_FLAGS, dont_inherit=True
    )
    return code


def _transform() -> Callable[[str], str] | None:
    """Return the function of IPython that converts magics to Python, if possible."""
    try:
        import IPython.core.inputtransformer2  # noqa: F401  # for `shell_transform`
    except ImportError:
        return None
    return shell_transform()


class _HomeFolder(ast.NodeTransformer):
    """The change that puts the home folder back into paths that begin with ``~``."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str) and node.value.startswith("~/"):
            node.value = str(Path(node.value).expanduser())
        return node
