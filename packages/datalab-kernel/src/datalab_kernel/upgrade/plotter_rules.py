"""The methods of a plotter that have changed since version 0.2."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import cache

from datalab_kernel.upgrade.call import MethodCall
from datalab_kernel.upgrade.findings import Edit, Finding, Level

#: The new name of each argument of `plot`, by its name in version 0.2.
_RENAMED = {"obj_or_name": "what", "show_roi": "roi", "show_results": "results"}
#: Arguments of `plot` that followed the title by position.
_FOLLOWING = ("roi", "results")
#: Arguments that arranged several images. Version 0.2 ignored all others.
_ARRANGING = ("rows", "share_axes")


@cache
def _known() -> frozenset[str]:
    """Return the names of the arguments that `plot` has."""
    from datalab_kernel_core import Plotter

    return frozenset(inspect.signature(Plotter.plot).parameters) - {"self"}


def plot(call: MethodCall) -> Iterator[Finding]:
    """Check the arguments."""
    for argument, name in zip(call.positional[2:], _FOLLOWING, strict=False):
        yield call.found(
            Level.OLD,
            f"The argument {name} is passed by name now.",
            f"{call.receiver}.plot(…, {name}={call.source.code(argument)})",
            call.source.name_argument(call.node, argument, name),
        )
    for keyword in call.node.keywords:
        if keyword.arg in _RENAMED:
            yield _renamed(call, keyword, _RENAMED[keyword.arg])
        elif keyword.arg == "results":
            yield from _no_results(call, keyword)
        elif keyword.arg is not None and keyword.arg not in _known():
            yield _unknown(call, keyword)


def _renamed(call: MethodCall, keyword: ast.keyword, new: str) -> Finding:
    instead = f"{call.receiver}.plot(…, {new}={call.source.code(keyword.value)})"
    if call.keyword(new) is not None:
        return call.found(
            Level.GONE,
            f"{keyword.arg}= and {new}= are one argument now, {new}=.",
        )
    edits = call.source.rename_keyword(keyword, new)
    return call.found(
        Level.OLD, f"{keyword.arg}= is called {new}= now.", instead, edits
    )


def _no_results(call: MethodCall, keyword: ast.keyword) -> Iterator[Finding]:
    value = keyword.value
    if isinstance(value, ast.Constant) and value.value is None:
        yield call.found(
            Level.GONE,
            "results=None is an error now: results= is True, False, or the results to "
            "draw.",
            f"{call.receiver}.plot({call.code(0, 'what')})",
            call.source.remove_argument(call.node, keyword),
        )


def _unknown(call: MethodCall, keyword: ast.keyword) -> Finding:
    if keyword.arg in _ARRANGING:
        message = f"{keyword.arg}= no longer exists: images are arranged side by side."
        return call.found(Level.GONE, message, "shared_scale=True, or ax= of a figure")
    return call.found(
        Level.GONE,
        f"plot() has no argument {keyword.arg}=; version 0.2 ignored it.",
        f"{call.receiver}.plot({call.code(0, 'what')})",
        call.source.remove_argument(call.node, keyword),
    )


def display_table(call: MethodCall) -> Iterator[Finding]:
    """Report the old name of `table`, and arguments by position."""
    edits = call.source.rename_attribute(call.method, "table")
    names = ("visible_only", "transpose_single_row")
    for argument, name in zip(call.positional[2:], names, strict=False):
        named = call.source.name_argument(call.node, argument, name)
        edits = edits + named if edits and named else ()
    yield call.found(
        Level.GONE if len(call.positional) > 2 else Level.OLD,
        f"{call.method.attr}() is called table() now.",
        f"{call.receiver}.table({call.code(0, 'result', 'result')})",
        edits,
    )


def set_backend(call: MethodCall) -> Iterator[Finding]:
    """Report the choice of a backend, which has no effect."""
    backend = call.argument(0, "backend")
    name = backend.value if isinstance(backend, ast.Constant) else None
    edits: tuple[Edit, ...] = ()
    if call.statement is not None and str(name).strip().lower() == "matplotlib":
        edits = call.source.remove_statement(call.statement)
    yield call.found(
        Level.OLD,
        "set_backend() has no effect: Matplotlib draws every picture.",
        f"{call.receiver}.explore(name), to zoom in a picture",
        edits,
    )


#: The rules by the name of the method.
RULES: dict[str, Callable[[MethodCall], Iterator[Finding]]] = {
    "plot": plot,
    "display_table": display_table,
    "display_geometry": display_table,
    "set_backend": set_backend,
}
