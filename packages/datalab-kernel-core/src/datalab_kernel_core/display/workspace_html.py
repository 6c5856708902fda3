"""The table of a workspace, made from data in memory: no file or DataLab is read."""

from __future__ import annotations

from pathlib import Path

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.short_text import (
    UNIT_LENGTH,
    count,
    html,
    shorten,
    shorten_middle,
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
_NOTHING = ("", _UNKNOWN)
#: Head and form of each column; the first is that of the thumbnails.
_COLUMNS = (
    *(("", ""), ("id", ""), ("name", "w"), ("kind", ""), ("shape", ""), ("dtype", "")),
    *(("units", ""), ("group", ""), ("ROI", "n"), ("results", "n"), ("size", "n")),
)
_ID, _NAME = 1, 2
#: The columns that are left out if no object has anything in them.
_OPTIONAL = ("", "units", "group", "ROI", "results")
#: Longer names are shortened to this number of characters, those of groups too.
_NAME_LENGTH, _GROUP_LENGTH = 40, 20


def workspace_html(workspace: Workspace, most: int = MAX_ROWS) -> str:
    """Return a workspace as HTML.

    Args:
        workspace: The workspace.
        most: The largest number of rows.
    """
    total, previews = workspace.preview(most)
    budget = Budget()
    rows = [
        [_thumbnail(p, budget), *_cells(*p[:4], p.selected, budget)] for p in previews
    ]
    heading = markup.heading("Workspace", html(_about(workspace), 500))
    return markup.page(heading, _table(rows, total))


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
    budget = Budget()
    rows = [
        ["", *_cells(d.name, d.short_id, d.group, summary_of(d), d.selected, budget)]
        for d in some
    ]
    return markup.page(markup.heading(count(total, "object")), _table(rows, total))


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


def _table(rows: list[list[str]], total: int) -> str:
    if not rows:
        return '<div class="dl-dim">no objects</div>'
    kept = [
        index
        for index, (head, _) in enumerate(_COLUMNS)
        if head not in _OPTIONAL or any(row[index] not in _NOTHING for row in rows)
    ]
    if total > len(rows):
        more = f'<span class="dl-dim">{total - len(rows)} more objects</span>'
        between = [""] * len(_COLUMNS)
        between[_ID], between[_NAME] = "…", more
        rows.insert(len(rows) // 2, between)
    heads, forms = zip(*(_COLUMNS[index] for index in kept), strict=True)
    shown = [[row[index] for index in kept] for row in rows]
    return markup.table(heads, shown, "".join(form or " " for form in forms))


def _cells(
    name: str,
    short_id: str,
    group: str,
    summary: Summary,
    selected: bool,
    budget: Budget,
) -> list[str]:
    units = ", ".join(filter(None, (summary.labels.get(f"{a}unit") for a in "xyz")))
    return [
        short_id,
        budget.name(name, _NAME_LENGTH) + _remarks(name, summary, selected),
        summary.kind,
        shape_text(summary),
        dtype_text(summary),
        budget.name(units, UNIT_LENGTH),
        budget.name(group, _GROUP_LENGTH),
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
    return preview.short_id, shorten_middle(preview.name), *texts, *map(shorten, notes)
