"""HTML elements that are legible on a light and on a dark background."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

# The colors are JupyterLab's in its pages and exports, and those of the page's color
# scheme elsewhere. All rules apply only inside our class. Selectors that repeat the
# class take precedence over JupyterLab's own rules.
_STYLE = """<style>
.datalab-view{
--dl-fg:var(--jp-content-font-color1,#1b1b1b);--dl-dim:var(--jp-content-font-color2,#555);
--dl-bg:var(--jp-layout-color0,#fff);--dl-line:var(--jp-border-color2,#d0d0d0);
--dl-stripe:var(--jp-layout-color1,#f6f6f6);
color:var(--dl-fg);background:var(--dl-bg);display:inline-block;max-width:100%;
overflow:auto hidden;
vertical-align:top;box-sizing:border-box;font-family:var(--jp-ui-font-family,system-ui,sans-serif);
font-size:13px;line-height:1.4;padding:4px 6px}
@media (prefers-color-scheme:dark){.datalab-view{
--dl-fg:var(--jp-content-font-color1,#e4e4e4);--dl-dim:var(--jp-content-font-color2,#aaa);
--dl-bg:var(--jp-layout-color0,#161616);--dl-line:var(--jp-border-color2,#444);
--dl-stripe:var(--jp-layout-color1,#1f1f1f)}}
.datalab-view table{border-collapse:collapse;margin:2px 0;font-size:inherit;
color:inherit;border:0}
.datalab-view.datalab-view tr,
.datalab-view.datalab-view tbody tr:nth-child(odd){background:none;border:0}
.datalab-view.datalab-view tbody tr:nth-child(even){background:var(--dl-stripe)}
.datalab-view.datalab-view th,.datalab-view.datalab-view td{padding:2px 6px;
text-align:left;vertical-align:middle;border:0;border-bottom:1px solid var(--dl-line);
color:inherit;max-width:none;white-space:nowrap}
.datalab-view th{color:var(--dl-dim);font-weight:600}
.datalab-view.datalab-view .dl-number{text-align:right;
font-variant-numeric:tabular-nums}
.datalab-view.datalab-view .dl-wrap{white-space:normal;overflow-wrap:anywhere;
min-width:12em}
.datalab-view .dl-dim{color:var(--dl-dim)}
.datalab-view .dl-card{display:flex;flex-wrap:wrap;gap:6px 18px;align-items:flex-start}
.datalab-view summary{cursor:pointer;color:var(--dl-dim)}
</style>"""


#: Attributes of the cells of a column, by its letter.
_CLASSES = {"n": ' class="dl-number"', "w": ' class="dl-wrap"'}


def page(*parts: str) -> str:
    """Return HTML that contains the parts and their style."""
    return f'{_STYLE}<div class="datalab-view">{"".join(parts)}</div>'


def heading(text: str, note: str = "") -> str:
    """Return a heading with a note. Both arguments must be escaped."""
    dim = f' <span class="dl-dim">{note}</span>' if note else ""
    return f"<div><b>{text}</b>{dim}</div>"


def paragraph(text: str) -> str:
    """Return a paragraph. Its text must be escaped."""
    return f"<p>{text}</p>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: str = "") -> str:
    """Return a table.

    Args:
        head: Names of the columns.
        rows: The cells, already escaped.
        numbers: One letter for each column: "n" for a column of numbers, "w" for one
            whose cells may have several lines.
    """
    classes = [_CLASSES.get(c, "") for c in numbers.ljust(len(head))]
    names = "".join(
        f"<th{kind}>{name}</th>" for kind, name in zip(classes, head, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}>{cell}</td>" for kind, cell in zip(classes, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def properties(rows: Iterable[tuple[str, str]]) -> str:
    """Return a table of names and values, already escaped."""
    body = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows)
    return f"<table><tbody>{body}</tbody></table>"


def with_tooltip(text: str, whole: str) -> str:
    """Return a shortened string with the whole one as its tooltip; both unescaped."""
    return f'<span title="{escape(whole)}">{escape(text)}</span>'


def folded(summary: str, content: str) -> str:
    """Return content that a click on its summary shows. Both must be escaped."""
    return f"<details><summary>{summary}</summary>{content}</details>"


def code(text: str) -> str:
    """Return lines of code for a "pre" element, without unprintable characters."""
    shown = (
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )
    return escape("".join(shown))
