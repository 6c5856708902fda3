"""The table of the groups of a workspace."""

from __future__ import annotations

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.short_text import count
from datalab_kernel_core.display.summaries_html import group_text
from datalab_kernel_core.display.thumbnails import Budget
from datalab_workspace.model.description import GroupInfo, GroupList

#: The first groups are shown, and the names of the first objects of each.
_MAX_GROUPS, _MAX_NAMES = 60, 6
_NAME_LENGTH = 30


def groups_html(groups: GroupList) -> str:
    """Return the groups as HTML."""
    if not groups:
        return markup.page('<div class="dl-dim">no groups</div>')
    budget = Budget()
    rows = [_row(group, budget) for group in groups[:_MAX_GROUPS]]
    table = markup.table(("group", "kind", "objects", "names"), rows, "w nw")
    note = f'<div class="dl-dim">{_more(groups)}</div>' * (len(groups) > len(rows))
    return markup.page(markup.heading(count(len(groups), "group")), table + note)


def groups_text(groups: GroupList) -> str:
    """Return the groups as lines of text."""
    lines = [group_text(group) for group in groups[:_MAX_GROUPS]]
    if len(groups) > len(lines):
        lines.append(_more(groups))
    return "\n".join(lines) or "no groups"


def _row(group: GroupInfo, budget: Budget) -> list[str]:
    some = (budget.name(name, _NAME_LENGTH) for name in group.names[:_MAX_NAMES])
    hidden = len(group.names) - _MAX_NAMES
    more = f' <span class="dl-dim">… {hidden} more</span>' if hidden > 0 else ""
    title = budget.name(group.title, _NAME_LENGTH)
    return [title, group.kind, str(len(group.names)), ", ".join(some) + more]


def _more(groups: GroupList) -> str:
    return f"{len(groups) - _MAX_GROUPS} more groups"
