"""The features of `workspace.calc` and their arguments, for completion.

Before sigima is imported, its features are those that this package knows. The
parameters of a feature are known to sigima alone, which is imported for them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from datalab_kernel_core.method_arguments import MethodArgument
from datalab_workspace.runtime import is_installed

#: The arguments of every call.
_OF_ALL = (
    MethodArgument("where", "choices", ("kernel", "datalab")),
    MethodArgument("masked", "choices", ("ignore", "nan")),
)
_PARAM = MethodArgument("param")


def feature_names() -> Sequence[str]:
    """Return the names of the features, sorted."""
    if "sigima.proc.image" in sys.modules and "sigima.proc.signal" in sys.modules:
        from datalab_workspace.processing import features

        return features.feature_names()
    from datalab_workspace.processing.menus import known_names

    return known_names() if is_installed("sigima") else ()


def calc_arguments(name: str | None) -> Sequence[MethodArgument]:
    """Return the arguments of `calc`, with those of the feature of a name.

    Args:
        name: The first argument of the call; None if it is not known.
    """
    first = MethodArgument("name", "choices", tuple(feature_names()), positional=True)
    param = MethodArgument("param", positional=True)
    if name is None or name not in feature_names():
        on = MethodArgument("on", "objects")
        return first, param, on, MethodArgument("with_", "objects"), *_OF_ALL
    return first, *_parameters(name), *_operands(name), param, *_OF_ALL


def attribute_arguments(name: str) -> Sequence[MethodArgument] | None:
    """Return the arguments of a feature as an attribute of `calc`.

    Args:
        name: Name of the attribute.

    Returns:
        The arguments; None if there is no such feature.
    """
    if name not in feature_names():
        return None
    parameters = tuple(_parameters(name))
    operands = tuple(_operands(name, positional=True))
    return *operands, *parameters, *((_PARAM,) if parameters else ()), *_OF_ALL


def _operands(name: str, *, positional: bool = False) -> Iterator[MethodArgument]:
    from datalab_workspace.processing.feature_table import kinds_of
    from datalab_workspace.processing.signatures import takes_second

    kinds = kinds_of(name)
    of_kind = kinds[0] if len(kinds) == 1 else None
    for operand in ("on", "with_") if takes_second(name) else ("on",):
        yield MethodArgument(operand, "objects", positional=positional, of_kind=of_kind)


def _parameters(name: str) -> Iterator[MethodArgument]:
    from datalab_workspace.processing.feature_table import kinds_of
    from datalab_workspace.processing.parameter_info import merged_parameters

    for info, _ in merged_parameters(name, kinds_of(name)):
        choices = tuple(choice for choice in info.choices if isinstance(choice, str))
        yield MethodArgument(info.name, "choices" if choices else "other", choices)
