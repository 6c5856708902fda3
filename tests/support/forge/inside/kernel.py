"""Run cells in IPython as the kernel of a page: a line of JSON for each cell."""

from __future__ import annotations

import page  # isort: skip  first, because it changes what the others import
import json
import os
import sys
import traceback
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config


class PageShell(InteractiveShell):
    """The shell, with what the shell of xeus-python adds."""

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: a page has no event loop but its own."""


def main() -> None:
    """Answer each line of the standard input on the standard output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what C code prints is no answer
    config = Config()
    config.HistoryManager.hist_file = ":memory:"
    shell = PageShell.instance(config=config)
    shell.colors = "nocolor"
    for line in sys.stdin:
        answers.write(json.dumps(_run(shell, json.loads(line))) + "\n")
        answers.flush()


def _run(shell: InteractiveShell, code: str) -> dict[str, Any]:
    before = set(sys.modules)
    with capture_output() as captured:
        result = shell.run_cell(code, store_history=True)
    error = result.error_before_exec or result.error_in_exec
    value = result.result
    shown = [sorted(output.data) for output in captured.outputs]
    refused = [*page.refused]
    page.refused.clear()
    return {
        "value": value if isinstance(value, (bool, int, float, str)) else repr(value),
        "error": "" if error is None else f"{type(error).__name__}: {error}",
        "chain": [] if error is None else _chain(error),
        "stdout": captured.stdout,
        "stderr": captured.stderr,
        "shown": shown,
        "refused": refused,
        "absent": list(page.absent),
        "imported": sorted({n.partition(".")[0] for n in set(sys.modules) - before}),
    }


def _chain(error: BaseException) -> list[str]:
    """Return the messages that a traceback shows, the outermost first."""
    shown, next_error = [], error
    while next_error is not None:
        shown.append("".join(traceback.format_exception_only(next_error)).strip())
        cause = next_error.__cause__
        hidden = next_error.__suppress_context__
        next_error = cause or (None if hidden else next_error.__context__)
    return shown


if __name__ == "__main__":
    main()
