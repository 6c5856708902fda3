"""What `describe(name)`, `status()` and `groups()` return, as small tables."""

from __future__ import annotations

from collections.abc import Iterator

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.texts import (
    GROUP_LENGTH,
    UNIT_LENGTH,
    count,
    cut,
    html,
    size,
)
from datalab_kernel_core.display.workspace_html import (
    count_text,
    dtype_text,
    outline_of,
    shape_text,
)
from datalab_workspace.model.description import Description, GroupInfo, Status

#: Names of a group's objects that are shown.
_MAX_NAMES = 30
_LONG = 300


def description_html(item: Description) -> str:
    """Return the description of an object as HTML."""
    rows = ((name, html(value, _LONG)) for name, value in _described(item))
    heading = markup.heading(html(item.name), f"{item.kind} {html(item.short_id)}")
    return markup.page(heading, markup.properties(rows))


def description_text(item: Description) -> str:
    """Return the description of an object as lines of text."""
    return _lines(f"{item.kind} {item.short_id} {cut(item.name)!r}", _described(item))


def _described(item: Description) -> Iterator[tuple[str, str]]:
    outline = outline_of(item)
    if item.title != item.name:
        yield "title", cut(item.title)
    yield "shape", shape_text(outline)
    yield "dtype", dtype_text(outline)
    yield "size", size(item.nbytes)
    if item.group:
        yield "group", cut(item.group, GROUP_LENGTH)
    for axis in "xyz":
        label, unit = outline.labels[f"{axis}label"], outline.labels[f"{axis}unit"]
        text = f"{cut(label)} ({cut(unit, UNIT_LENGTH)})" if unit else cut(label)
        if text:
            yield axis, text.lstrip()
    yield "ROI", count_text(item.roi_count) or "none"
    yield "results", count_text(item.result_count) or "none"
    yield "uuid", cut(item.uuid)
    if item.missing:
        yield "not known here", ", ".join(item.missing)


def status_html(status: Status) -> str:
    """Return what a workspace is as HTML."""
    rows = ((name, html(value, _LONG)) for name, value in _status(status))
    return markup.page(
        markup.heading("Workspace", str(status.mode)), markup.properties(rows)
    )


def status_text(status: Status) -> str:
    """Return what a workspace is as lines of text."""
    return _lines(f"workspace {status.mode}", _status(status))


def _status(status: Status) -> Iterator[tuple[str, str]]:
    yield "signals", str(status.signals)
    yield "images", str(status.images)
    if status.path is not None:
        yield "file", f"{status.path}{' (modified)' * status.modified}"
    if status.version is not None:
        yield "DataLab", status.version
    if status.url is not None:
        yield "Web API", status.url
    if status.protocols:
        yield "connection", ", ".join(status.protocols)
    for note in status.notes:
        yield "note", note


def group_html(group: GroupInfo) -> str:
    """Return a group of objects as HTML."""
    names = ", ".join(html(name) for name in group.names[:_MAX_NAMES])
    return markup.page(
        markup.heading(html(group.title, GROUP_LENGTH), _members(group)),
        f"<div>{names}{_more(group)}</div>",
    )


def group_text(group: GroupInfo) -> str:
    """Return a group of objects in one line of text."""
    names = ", ".join(repr(cut(name)) for name in group.names[:_MAX_NAMES])
    title = cut(group.title, GROUP_LENGTH)
    return f"group {title!r} of {_members(group)}: {names}{_more(group)}"


def _members(group: GroupInfo) -> str:
    return count(len(group.names), group.kind)


def _more(group: GroupInfo) -> str:
    hidden = len(group.names) - _MAX_NAMES
    return f" … {hidden} more" if hidden > 0 else ""


def _lines(first: str, rows: Iterator[tuple[str, str]]) -> str:
    lines = [f"  {name}: {cut(value, _LONG)}" for name, value in rows]
    return "\n".join([first, *lines])
