"""The signature and the docstring of each feature, as a call of `calc`.

A feature for signals and for images is one call. Its signature has the parameters of
both, and its docstring says which kind has which.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from inspect import Parameter, Signature
from textwrap import fill
from typing import Any, Literal

from datalab_workspace.model.record import Kind
from datalab_workspace.processing.feature_table import NO_MENU, feature_info, kinds_of
from datalab_workspace.processing.features import Feature, features
from datalab_workspace.processing.parameter_info import (
    FROM_OBJECT,
    REQUIRED,
    ParameterInfo,
    merged_parameters,
    parameters_of,
)

_WIDTH = 88
_INDENT: Any = {"initial_indent": " " * 4, "subsequent_indent": " " * 4}


@functools.cache
def signature_of(name: str) -> Signature:
    """Return the signature of a feature as an attribute of `calc`.

    Args:
        name: Name of an existing feature.
    """
    parameters = [_positional("on", str | Sequence[Any] | None)]
    if takes_second(name):
        parameters.append(_positional("with_", str | None))
    merged = merged_parameters(name, kinds_of(name))
    for info, _ in merged:
        default = Parameter.empty if info.default is REQUIRED else info.default
        parameters.append(_keyword(info.name, info.annotation, default))
    if merged:
        parameters.append(_keyword("param", Any, None))
    parameters.append(_keyword("where", Literal["kernel", "datalab"], "kernel"))
    parameters.append(_keyword("masked", Literal["ignore", "nan"], "ignore"))
    return Signature(parameters, return_annotation=_return_type(name))


def _return_type(name: str) -> Any:
    """Return the type of the result, for one object or for a list of them."""
    found = [features(kind)[name] for kind in kinds_of(name)]
    if any(feature.gives == "result" for feature in found):
        return Any
    if found[0].operands is None:
        return str
    return list[Any] if found[0].gives_several else str | list[str]


def takes_second(name: str) -> bool:
    """Return whether a feature has two operands."""
    return any(features(kind)[name].operands == 2 for kind in kinds_of(name))


@functools.cache
def docstring_of(name: str) -> str:
    """Return the docstring of a feature as an attribute of `calc`.

    Args:
        name: Name of an existing feature.
    """
    kinds = kinds_of(name)
    info = feature_info(name, kinds)
    feature = features(kinds[0])[name]
    lines = [
        fill(f"{info.does}.", _WIDTH),
        "",
        fill(
            f"In DataLab: {info.menu or NO_MENU}",
            _WIDTH,
            subsequent_indent="    ",
        ),
        "",
        "Args:",
        _entry("on", _about_on(feature, info.takes)),
    ]
    if takes_second(name):
        lines.append(_entry("with_", "Name of the second object."))
    if merged_parameters(name, kinds):
        lines += _described(name, kinds)
        lines.append(
            _entry("param", "A parameter object of sigima, or a dict of values.")
        )
    lines += [
        _entry("where", 'Where it is computed: "kernel", or "datalab".'),
        _entry("masked", 'Masked values: "ignore" the mask, or replace them by "nan".'),
        "",
        "Returns:",
        fill(_about_result(feature, info.gives), _WIDTH, **_INDENT),
    ]
    return "\n".join(lines)


def _positional(name: str, annotation: Any) -> Parameter:
    kind = Parameter.POSITIONAL_OR_KEYWORD
    return Parameter(name, kind, default=None, annotation=annotation)


def _keyword(name: str, annotation: Any, default: Any) -> Parameter:
    kind = Parameter.KEYWORD_ONLY
    return Parameter(name, kind, default=default, annotation=annotation)


def _about_on(feature: Feature, takes: str) -> str:
    if feature.operands is None:
        return f"Names of {takes}. By default the selected objects."
    what = takes if feature.operands == 1 else f"the first of {takes}"
    return f"Name of {what}, or a list of names. By default the selected objects."


def _about_result(feature: Feature, gives: str) -> str:
    text = f"{gives[0].upper()}{gives[1:]}."
    if feature.operands is None:
        return text
    if feature.gives_several:
        return f"{text} A list of such lists if `on` is a list."
    return f"{text} A list of these if `on` is a list."


def _described(name: str, kinds: tuple[Kind, ...]) -> Iterator[str]:
    """Yield an entry for each parameter; one for each kind where they differ."""
    for merged, holders in merged_parameters(name, kinds):
        texts = {
            kind: _about(info)
            for kind in holders
            for info in parameters_of(name, kind)
            if info.name == merged.name
        }
        if len({*texts.values()}) == 1:
            only = "" if len(holders) == len(kinds) else f"For {holders[0]}s: "
            yield _entry(merged.name, only + texts[holders[0]])
        else:
            each = " ".join(f"For {kind}s: {text}" for kind, text in texts.items())
            yield _entry(merged.name, each)


def _about(info: ParameterInfo) -> str:
    unit = f" in {info.unit}" if info.unit else ""
    about = f"{info.about}{unit}: " if info.about else ""
    if info.default is REQUIRED:
        default = "Required."
    elif info.default is FROM_OBJECT:
        default = "By default from the object."
    else:
        default = f"Default: {info.default!r}."
    return f"{about}{info.allowed}. {default}"


def _entry(name: str, text: str) -> str:
    return fill(
        f"{name}: {text}",
        _WIDTH,
        initial_indent=" " * 4,
        subsequent_indent=" " * 8,
        break_on_hyphens=False,
    )
