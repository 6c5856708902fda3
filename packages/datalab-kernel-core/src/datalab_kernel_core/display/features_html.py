"""The tables that show features, and the help that `calc` shows of itself."""

from __future__ import annotations

from collections.abc import Sequence

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.short_text import count, html, shorten
from datalab_workspace.processing.feature_calls import FeatureCalls
from datalab_workspace.processing.feature_table import FeatureInfo, FeatureTable

_HEAD = ("name", "DataLab's menu", "computes", "gives", "parameters")
#: The rows that are shown at once; a click shows the others.
_FIRST_ROWS = 40
_LONG = 300
_CALC_HELP = (
    ('calc("gaussian_filter", on="peak", sigma=2)', "computes a feature by its name"),
    ('calc.gaussian_filter("peak", sigma=2)', "is the same; Tab completes it"),
    ("calc.gaussian_filter?", "shows its parameters"),
    ('workspace.features(search="smooth")', "finds features by everyday words"),
    ('workspace.features("image")', "lists all features for images"),
)


def features_html(table: FeatureTable) -> str:
    """Return the table of features as HTML."""
    shown = markup.table(_HEAD, map(_cells, table[:_FIRST_ROWS]))
    rest = table[_FIRST_ROWS:]
    if rest:
        more = markup.table(_HEAD, map(_cells, rest))
        shown += markup.folded(f"{len(rest)} more", more)
    heading = markup.heading("Features", count(len(table), "feature"))
    return markup.page(heading, shown if table else "")


def features_text(table: FeatureTable) -> str:
    """Return the table of features as lines of text."""
    return repr(table)


def info_html(info: FeatureInfo) -> str:
    """Return the description of a feature as HTML."""
    rows = zip(_HEAD[1:], _cells(info)[1:], strict=True)
    heading = markup.heading(html(info.name), html(info.takes))
    return markup.page(heading, markup.properties(rows))


def info_text(info: FeatureInfo) -> str:
    """Return the description of a feature as lines of text."""
    rows = zip(_HEAD[1:], _texts(info)[1:], strict=True)
    lines = [f"  {name}: {text}" for name, text in rows if text]
    return "\n".join([f"{info.name}: from {info.takes}", *lines])


def calc_html(calc: FeatureCalls) -> str:  # noqa: ARG001 - it is always the same
    """Return the help for `calc` as HTML."""
    rows = ((html(code), html(about)) for code, about in _CALC_HELP)
    heading = markup.heading("calc", "computes features of DataLab and sigima")
    return markup.page(heading, markup.properties(rows))


def calc_text(calc: FeatureCalls) -> str:
    """Return the help for `calc` in one line of text."""
    return repr(calc)


def _cells(info: FeatureInfo) -> Sequence[str]:
    return [html(text, _LONG) for text in _texts(info)]


def _texts(info: FeatureInfo) -> Sequence[str]:
    parameters = shorten(", ".join(info.parameters), _LONG)
    return info.name, info.menu, info.does, info.gives, parameters
