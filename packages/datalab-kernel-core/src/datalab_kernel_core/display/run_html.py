"""The state of a run over many items: counts, errors and the first rows."""

from __future__ import annotations

from html import escape

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.blocks_html import NAME_LENGTH, block_html
from datalab_kernel_core.display.short_text import html
from datalab_kernel_core.display.thumbnails import Budget
from datalab_workspace.batch.results import run_text as words
from datalab_workspace.batch.results.item_errors import ItemErrors, SimilarErrors
from datalab_workspace.batch.results.run import Run

#: The characters of a line that fits into an output of JupyterLab of 900 pixels.
_WIDEST = 110
_LINE_LENGTH = 160
#: The groups of errors, and the characters of a traceback, that are shown.
_MAX_GROUPS, _MAX_TRACEBACK = 20, 6000


def run_html(run: Run) -> str:
    """Return a run as HTML."""
    state, errors = run.state, run.errors
    name, _, about = words.run_line(state).partition(": ")
    facts = [("chain", html(state.chain, _LINE_LENGTH))]
    facts += [("status", html(line, _LINE_LENGTH)) for line in words.status(state)]
    budget = Budget()
    rows = "".join(
        block_html(block, budget)
        for block in words.row_blocks(state, _WIDEST, NAME_LENGTH)
    )
    more = words.more_rows(state)
    return markup.page(
        markup.heading(html(name), escape(about)),
        markup.properties(facts),
        _groups(errors),
        rows,
        f'<div class="dl-dim">{escape(more)}</div>' if more else "",
    )


def run_text(run: Run) -> str:
    """Return a run as lines of text."""
    return str(run)


def errors_html(errors: ItemErrors) -> str:
    """Return the errors of a run as HTML."""
    heading = markup.heading("Errors", f"{len(errors):,}")
    return markup.page(heading, _groups(errors))


def errors_text(errors: ItemErrors) -> str:
    """Return the errors of a run as lines of text."""
    return repr(errors)


def _groups(errors: ItemErrors) -> str:
    """Return similar errors as one line, which a click opens to the traceback."""
    groups = errors.similar()
    shown = "".join(map(_group, groups[:_MAX_GROUPS]))
    rest = sum(len(group.items) for group in groups[_MAX_GROUPS:])
    note = f'<div class="dl-dim">{rest:,} items with other errors</div>'
    return shown + note * bool(rest)


def _group(group: SimilarErrors) -> str:
    line = html(group.line(), _LINE_LENGTH)
    traceback = group.first.traceback[-_MAX_TRACEBACK:]
    if not traceback:
        return f"<div>{line}</div>"
    return markup.folded(line, f"<pre>{markup.code(traceback)}</pre>")
