"""A workspace as a table, of what is known without reading or asking for anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.texts import (
    GROUP_LENGTH,
    UNIT_LENGTH,
    count,
    cut,
    html,
    size,
)
from datalab_kernel_core.display.thumbnails import Budget
from datalab_workspace import Workspace
from datalab_workspace.model.description import (
    Description,
    Listing,
    Preview,
    Summary,
    size_text,
)

#: Objects shown; of more, the first and the last ones.
MAX_ROWS = 60
_UNKNOWN = "–"
_COLUMNS = (
    *("id", "name", "kind", "shape", "dtype", "units", "group"),
    *("ROI", "results", "size"),
)
_NUMBERS = "       nnn"


def workspace_html(workspace: Workspace) -> str:
    """Return a workspace as HTML."""
    total, glimpses = workspace.preview(MAX_ROWS)
    budget = Budget()
    rows = [
        [*_cells(g.short_id, g.name, g.group, g.outline), _thumbnail(g, budget)]
        for g in glimpses
    ]
    shown = _table((*_COLUMNS, ""), rows, total)
    return markup.page(markup.heading("Workspace", html(_about(workspace), 500)), shown)


def workspace_text(workspace: Workspace) -> str:
    """Return a workspace as lines of text."""
    total, glimpses = workspace.preview(MAX_ROWS)
    lines = [
        "  ".join(filter(None, (g.short_id, cut(g.name), *_in_short(g.outline))))
        for g in glimpses
    ]
    if total > len(lines):
        lines.insert(len(lines) // 2, f"… {total - len(lines)} more …")
    return "\n".join([repr(workspace), *lines])


def listing_html(listing: Listing) -> str:
    """Return the descriptions of objects as HTML."""
    total, half = len(listing), MAX_ROWS // 2
    some = listing if total <= MAX_ROWS else listing[:half] + listing[-half:]
    rows = [_cells(d.short_id, d.name, d.group, outline_of(d)) for d in some]
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


def outline_of(item: Description) -> Summary:
    """Return what a description tells of an object itself."""
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
        entries.append(f"{cut(path.name)}{' (modified)' * workspace.modified}")
    return " · ".join(entries)


def _table(head: Sequence[str], rows: list[list[str]], total: int) -> str:
    if not rows:
        return '<div class="dl-dim">no objects</div>'
    if total > len(rows):
        blank = [""] * (len(head) - 2)
        more = f'<span class="dl-dim">{total - len(rows)} more objects</span>'
        rows.insert(len(rows) // 2, ["…", more, *blank])
    return markup.table(head, rows, _NUMBERS)


def _cells(short_id: str, name: str, group: str, outline: Summary) -> list[str]:
    units = [html(outline.texts.get(f"{axis}unit"), UNIT_LENGTH) for axis in "xyz"]
    return [
        short_id,
        html(name),
        outline.kind,
        shape_text(outline),
        dtype_text(outline),
        ", ".join(filter(None, units)),
        html(group, GROUP_LENGTH),
        count_text(outline.roi_count),
        count_text(outline.result_count),
        size(outline.nbytes),
    ]


def _thumbnail(glimpse: Preview, budget: Budget) -> str:
    return budget.thumbnail(glimpse.record, html(glimpse.name))


def shape_text(outline: Summary) -> str:
    """Return the shape of an object; a dash where it may be just not known."""
    return size_text(outline.shape) if outline.shape else _UNKNOWN


def dtype_text(outline: Summary) -> str:
    """Return the dtype of an object, likewise."""
    return _UNKNOWN if outline.dtype is None else str(outline.dtype)


def count_text(number: int | None) -> str:
    """Return a number; "" for 0, a dash where it is not known."""
    return _UNKNOWN if number is None else str(number or "")


def _in_short(outline: Summary) -> tuple[str, ...]:
    return outline.kind, shape_text(outline), dtype_text(outline)
