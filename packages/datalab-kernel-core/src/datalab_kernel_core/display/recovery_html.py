"""The table of the objects that can be recovered."""

from __future__ import annotations

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.short_text import count, html, size
from datalab_workspace.recovery.listing import Recoverable, RecoveryListing, when_text

#: A row names its first objects, at most this many.
_MAX_NAMES = 12
_COLUMNS = ("", "notebook or file", "last change", "objects", "size", "")


def recovery_html(listing: RecoveryListing) -> str:
    """Return the list of `Workspace.recover` as HTML."""
    if not listing:
        return markup.page(markup.heading("nothing to recover"))
    rows = [_row(number, item) for number, item in enumerate(listing, 1)]
    note = html("workspace.recover(number or name) restores objects")
    return markup.page(
        markup.heading("Recovery", note), markup.table(_COLUMNS, rows, "n   n")
    )


def recovery_text(listing: RecoveryListing) -> str:
    """Return the list of `Workspace.recover` as lines of text."""
    return repr(listing)


def _row(number: int, item: Recoverable) -> list[str]:
    names = ", ".join(html(name) for name in item.names[:_MAX_NAMES])
    hidden = len(item.names) - _MAX_NAMES
    more = f" … {hidden} more" if hidden > 0 else ""
    return [
        str(number),
        html(item.label),
        when_text(item.when),
        f"{count(len(item.objects), 'object')}: {names}{more}",
        size(sum(each.nbytes for each in item.objects)),
        "restored" if item.restored else "",
    ]
