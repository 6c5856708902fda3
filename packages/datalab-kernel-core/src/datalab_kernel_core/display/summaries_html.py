"""The small tables that show a description, a status or groups."""

from __future__ import annotations

from collections.abc import Iterator

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.short_text import (
    GROUP_LENGTH,
    UNIT_LENGTH,
    count,
    html,
    shorten,
    size,
)
from datalab_kernel_core.display.workspace_html import (
    count_text,
    dtype_text,
    shape_text,
    summary_of,
)
from datalab_workspace.model.description import Description, GroupInfo, Status
from datalab_workspace.model.units import with_unit

#: A group lists the names of its first objects, at most this many.
_MAX_NAMES = 30
_LONG = 300


def description_html(item: Description) -> str:
    """Return the description of an object as HTML."""
    rows = ((name, html(value, _LONG)) for name, value in _described(item))
    heading = markup.heading(html(item.name), f"{item.kind} {html(item.short_id)}")
    return markup.page(heading, markup.properties(rows))


def description_text(item: Description) -> str:
    """Return the description of an object as lines of text."""
    return _lines(
        f"{item.kind} {item.short_id} {shorten(item.name)!r}", _described(item)
    )


def _described(item: Description) -> Iterator[tuple[str, str]]:
    summary = summary_of(item)
    if item.title != item.name:
        yield "title", shorten(item.title)
    yield "shape", shape_text(summary)
    yield "dtype", dtype_text(summary)
    yield "size", size(item.nbytes)
    if item.group:
        yield "group", shorten(item.group, GROUP_LENGTH)
    for axis in "xyz":
        label = shorten(summary.labels[f"{axis}label"])
        unit = shorten(summary.labels[f"{axis}unit"], UNIT_LENGTH)
        if text := with_unit(label, unit):
            yield axis, text
    yield "ROI", count_text(item.roi_count) or "none"
    yield "results", count_text(item.result_count) or "none"
    yield "uuid", shorten(item.uuid)
    if item.missing:
        yield "not known here", ", ".join(item.missing)


def status_html(status: Status) -> str:
    """Return the status of a workspace as HTML."""
    rows = ((name, html(value, _LONG)) for name, value in _status(status))
    return markup.page(
        markup.heading("Workspace", str(status.mode)), markup.properties(rows)
    )


def status_text(status: Status) -> str:
    """Return the status of a workspace as lines of text."""
    return _lines(f"workspace {status.mode}", _status(status))


def _status(status: Status) -> Iterator[tuple[str, str]]:
    yield "signals", str(status.signals)
    yield "images", str(status.images)
    if status.path is not None:
        yield "file", f"{status.path}{' (modified)' * status.modified}"
    if status.version is not None:
        yield "DataLab", status.version
    if status.url is not None:
        yield "URL", status.url
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
    names = ", ".join(repr(shorten(name)) for name in group.names[:_MAX_NAMES])
    title = shorten(group.title, GROUP_LENGTH)
    return f"group {title!r} of {_members(group)}: {names}{_more(group)}"


def _members(group: GroupInfo) -> str:
    return count(len(group.names), group.kind)


def _more(group: GroupInfo) -> str:
    hidden = len(group.names) - _MAX_NAMES
    return f" … {hidden} more" if hidden > 0 else ""


def _lines(first: str, rows: Iterator[tuple[str, str]]) -> str:
    lines = [f"  {name}: {shorten(value, _LONG)}" for name, value in rows]
    return "\n".join([first, *lines])
