"""The features of `workspace.calc` and their arguments, for completion.

Before sigima is imported, its features are those that this package knows. The
parameters of a feature are known to sigima alone. It is imported for them, which may
take seconds in a new kernel.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Literal

from datalab_kernel_core.method_arguments import MethodArgument
from datalab_workspace.processing.menus import known_names, menu_paths
from datalab_workspace.runtime import is_installed

#: The arguments of every call.
_OF_ALL = (
    MethodArgument("where", "choices", ("kernel", "datalab")),
    MethodArgument("masked", "choices", ("ignore", "nan")),
)
_KINDS: tuple[Literal["signal", "image"], ...] = ("signal", "image")
_PARAM = MethodArgument("param")


def feature_names() -> Sequence[str]:
    """Return the names of the features, sorted."""
    if _loaded():
        from datalab_workspace.processing import features

        return features.feature_names()
    return known_names() if is_installed("sigima") else ()


def _loaded() -> bool:
    return "sigima.proc.image" in sys.modules and "sigima.proc.signal" in sys.modules


def calc_arguments(name: str | None, *, parameters: bool) -> Sequence[MethodArgument]:
    """Return the arguments of `calc`, with those of the feature of a name.

    Args:
        name: The first argument of the call; None if it is not known.
        parameters: Whether the parameters of the feature are needed.
    """
    first = MethodArgument("name", "choices", tuple(feature_names()), positional=True)
    param = MethodArgument("param", positional=True)
    if name is None or name not in feature_names():
        on = MethodArgument("on", "objects")
        return first, param, on, MethodArgument("with_", "objects"), *_OF_ALL
    own = tuple(_parameters(name)) if parameters else ()
    return first, *own, *_operands(name), param, *_OF_ALL


def attribute_arguments(
    name: str, *, parameters: bool
) -> Sequence[MethodArgument] | None:
    """Return the arguments of a feature as an attribute of `calc`.

    Args:
        name: Name of the attribute.
        parameters: Whether the parameters of the feature are needed.

    Returns:
        The arguments; None if there is no such feature.
    """
    if name not in feature_names():
        return None
    own = tuple(_parameters(name)) if parameters else ()
    operands = tuple(_operands(name, positional=True))
    return *operands, *own, *((_PARAM,) if own else ()), *_OF_ALL


def _operands(name: str, *, positional: bool = False) -> Iterator[MethodArgument]:
    if not _loaded():
        kinds = [kind for kind in _KINDS if name in menu_paths(kind)]
        second = True  # sigima knows it
    else:
        from datalab_workspace.processing.feature_table import kinds_of
        from datalab_workspace.processing.signatures import takes_second

        kinds, second = [*kinds_of(name)], takes_second(name)
    of_kind = kinds[0] if len(kinds) == 1 else None
    for operand in ("on", "with_") if second else ("on",):
        yield MethodArgument(operand, "objects", positional=positional, of_kind=of_kind)


def _parameters(name: str) -> Iterator[MethodArgument]:
    from datalab_workspace.processing.feature_table import kinds_of
    from datalab_workspace.processing.parameter_info import merged_parameters

    for info, _ in merged_parameters(name, kinds_of(name)):
        choices = tuple(choice for choice in info.choices if isinstance(choice, str))
        yield MethodArgument(info.name, "choices" if choices else "other", choices)
