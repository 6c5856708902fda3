"""The table of a workspace, made from data in memory: no file or DataLab is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.short_text import (
    GROUP_LENGTH,
    UNIT_LENGTH,
    count,
    html,
    shorten,
    size,
)
from datalab_kernel_core.display.thumbnails import Budget
from datalab_workspace import Workspace
from datalab_workspace.model.description import (
    Description,
    Listing,
    Preview,
    Summary,
    remarks,
    size_text,
)

#: A longer list shows its first and last objects, together this number.
MAX_ROWS = 60
_UNKNOWN = "–"
_COLUMNS = (
    *("id", "name", "kind", "shape", "dtype", "units", "group"),
    *("ROI", "results", "size"),
)
_NUMBERS = "       nnn"


def workspace_html(workspace: Workspace, most: int = MAX_ROWS) -> str:
    """Return a workspace as HTML.

    Args:
        workspace: The workspace.
        most: The largest number of rows.
    """
    total, previews = workspace.preview(most)
    budget = Budget()
    rows = [
        [*_cells(*preview[:4], preview.selected), _thumbnail(preview, budget)]
        for preview in previews
    ]
    shown = _table((*_COLUMNS, ""), rows, total)
    return markup.page(markup.heading("Workspace", html(_about(workspace), 500)), shown)


def workspace_text(workspace: Workspace, most: int = MAX_ROWS) -> str:
    """Return a workspace as lines of text; see `workspace_html`."""
    total, previews = workspace.preview(most)
    lines = ["  ".join(filter(None, _line(preview))) for preview in previews]
    if total > len(lines):
        lines.insert(len(lines) // 2, f"… {total - len(lines)} more …")
    return "\n".join([repr(workspace), *lines])


def listing_html(listing: Listing) -> str:
    """Return the descriptions of objects as HTML."""
    total, half = len(listing), MAX_ROWS // 2
    some = listing if total <= MAX_ROWS else listing[:half] + listing[-half:]
    rows = [
        _cells(d.name, d.short_id, d.group, summary_of(d), d.selected) for d in some
    ]
    return markup.page(
        markup.heading(count(total, "object")), _table(_COLUMNS, rows, total)
    )


def listing_text(listing: Listing) -> str:
    """Return the descriptions of objects as lines of text."""
    total, half = len(listing), MAX_ROWS // 2
    if total <= MAX_ROWS:
        return repr(listing)
    ends = repr(Listing(listing[:half])), repr(Listing(listing[-half:]))
    return f"{ends[0]}\n… {total - MAX_ROWS} more …\n{ends[1]}"


def summary_of(item: Description) -> Summary:
    """Return the summary of a described object."""
    texts = {
        f"{axis}{part}": getattr(item, f"{axis}{part}")
        for axis in "xyz"
        for part in ("label", "unit")
    }
    return Summary(
        item.kind,
        item.title,
        item.shape,
        item.dtype,
        texts,
        item.roi_count,
        item.result_count,
        item.nbytes,
        item.missing,
    )


def _about(workspace: Workspace) -> str:
    entries = [str(workspace.mode)]
    if workspace.capabilities.window:
        entries.append("as last seen in DataLab")
    if workspace.path is not None:
        path = Path(workspace.path)
        entries.append(f"{shorten(path.name)}{' (modified)' * workspace.modified}")
    return " · ".join(entries)


def _table(head: Sequence[str], rows: list[list[str]], total: int) -> str:
    if not rows:
        return '<div class="dl-dim">no objects</div>'
    if total > len(rows):
        blank = [""] * (len(head) - 2)
        more = f'<span class="dl-dim">{total - len(rows)} more objects</span>'
        rows.insert(len(rows) // 2, ["…", more, *blank])
    return markup.table(head, rows, _NUMBERS)


def _cells(
    name: str, short_id: str, group: str, summary: Summary, selected: bool
) -> list[str]:
    units = [html(summary.labels.get(f"{axis}unit"), UNIT_LENGTH) for axis in "xyz"]
    return [
        short_id,
        html(name) + _remarks(name, summary, selected),
        summary.kind,
        shape_text(summary),
        dtype_text(summary),
        ", ".join(filter(None, units)),
        html(group, GROUP_LENGTH),
        count_text(summary.roi_count),
        count_text(summary.result_count),
        size(summary.nbytes),
    ]


def _remarks(name: str, summary: Summary, selected: bool) -> str:
    texts = ", ".join(map(html, remarks(name, summary.title, selected=selected)))
    return f' <span class="dl-dim">({texts})</span>' if texts else ""


def _thumbnail(preview: Preview, budget: Budget) -> str:
    return budget.thumbnail(preview.record, html(preview.name))


def shape_text(summary: Summary) -> str:
    """Return the shape of an object, a dash if it is unknown or empty."""
    return size_text(summary.shape) if summary.shape else _UNKNOWN


def dtype_text(summary: Summary) -> str:
    """Return the dtype of an object, a dash if it is unknown or empty."""
    return _UNKNOWN if summary.dtype is None else str(summary.dtype)


def count_text(number: int | None) -> str:
    """Return a number, "" for 0, a dash if it is unknown."""
    return _UNKNOWN if number is None else str(number or "")


def _line(preview: Preview) -> tuple[str, ...]:
    summary = preview.summary
    texts = summary.kind, shape_text(summary), dtype_text(summary)
    notes = remarks(preview.name, summary.title, selected=preview.selected)
    return preview.short_id, shorten(preview.name), *texts, *map(shorten, notes)
