"""Find random numbers in functions that no item determines."""

from __future__ import annotations

import ast
import functools
from types import FunctionType, ModuleType
from typing import Any

from datalab_workspace.batch.chains.function_source import text_of, variables_of
from datalab_workspace.batch.chains.local_code import is_local

#: What `numpy.random` has in addition to the functions that share one generator.
_OF_GENERATORS = frozenset(
    """
    default_rng Generator SeedSequence BitGenerator RandomState MT19937 PCG64 PCG64DXSM
    Philox SFC64
    """.split()  # noqa: SIM905 - a long list is easier to read as words
)

_MODULES = ("numpy", "numpy.random", "random")


def check_random_use(function: Any) -> None:
    """Raise an error if a function draws random numbers that no item determines.

    Only the source of the user is examination.

    Raises:
        ValueError: It calls a function of `numpy.random` or `random` that uses the
            generator of the process, or makes a generator without a seed.
    """
    _check(function, set())


def _check(function: Any, seen: set[int]) -> None:
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__func__", function)
    if (
        not isinstance(function, FunctionType)
        or id(function) in seen
        or not is_local(function.__module__)
    ):
        return
    seen.add(id(function))
    used = variables_of(function)
    for call in _calls(function):
        drawn = _draws(call, used)
        if drawn is not None:
            raise ValueError(
                f"{function.__qualname__}() draws random numbers with {drawn}, so that "
                "its results would depend on the worker; take them from "
                "dlw.batch.rng(), as in dlw.batch.rng().normal(size=3)"
            )
    for value in used.values():
        _check(value, seen)


def _calls(function: FunctionType) -> list[ast.Call]:
    text = text_of(function.__code__)
    try:
        tree = None if text is None else ast.parse(text)
    except (SyntaxError, ValueError):  # as the middle of a call has, for a lambda
        tree = None
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call)] if tree else []


def _draws(call: ast.Call, used: dict[str, Any]) -> str | None:
    """Return the name of the function that is called, if its numbers are arbitrary."""
    parts: list[str] = []
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in used:
        return None
    target = used[node.id]
    for part in parts:
        if not isinstance(target, ModuleType) or target.__name__ not in _MODULES:
            return None
        target = getattr(target, part, None)
    return ".".join([node.id, *parts]) if _is_arbitrary(target, call) else None


def _is_arbitrary(target: Any, call: ast.Call) -> bool:
    name = getattr(target, "__name__", "")
    owner = getattr(target, "__self__", None)
    kinds = [cls.__name__ for cls in type(owner).__mro__]
    if "RandomState" in kinds or "Random" in kinds:
        return True
    module = str(getattr(target, "__module__", ""))
    made_here = name in _OF_GENERATORS or name in ("Random", "SystemRandom")
    from_random = module.startswith("numpy.random") or module == "random"
    return made_here and from_random and not call.args and not call.keywords
