"""The blocks of a table of values as HTML."""

from __future__ import annotations

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.short_text import html
from datalab_kernel_core.display.thumbnails import Budget
from datalab_workspace.result_text import Block

#: Longer names are shortened to this number of characters.
NAME_LENGTH = 30


def block_html(block: Block, budget: Budget) -> str:
    """Return a block of a table as HTML; its strings need not be escaped.

    Args:
        block: The block.
        budget: The limits for tooltips, which have the whole names.
    """
    if not block.heads:
        return markup.properties(
            (html(name), html(value)) for name, value in block.lines
        )
    lines = [
        [
            budget.name(cell, NAME_LENGTH)
            if number < block.heads or index < block.names
            else html(cell)
            for index, cell in enumerate(line)
        ]
        for number, line in enumerate(block.lines)
    ]
    classes = " " * block.names + "n" * (len(lines[0]) - block.names)
    return markup.table(lines[0], lines[1:], classes)
