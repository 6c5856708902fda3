"""The reports of the cells of a shell, next to those of a shell without histories."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from support.measurement import compare

MANY = 100
LINE = "value_{0} = np.sqrt(other_{0}) + workspace_name * 2.0 - third\n"
LINES = "".join(map(LINE.format, range(200)))
#: The texts of cells, and what their reports may take at most, in seconds.
CELLS = {
    "empty": ("pass", 0.2e-3),
    "that names a signal": ("m = n", 0.5e-3),
    "of 200 lines": (f"if 0:\n {LINES.replace(chr(10), chr(10) + ' ')}", 1e-3),
}


def shell(*, extension: bool) -> InteractiveShell:
    """Return a shell with a workspace and a signal, with or without our extension."""
    config = Config()
    config.HistoryManager.enabled = False
    made = InteractiveShell(config=config)
    if extension:
        made.run_cell("%load_ext datalab_kernel_core")
    else:
        made.run_cell(
            "from datalab_workspace import Workspace; workspace = Workspace()"
        )
    made.run_cell("workspace['raw'] = list(range(1000)); n = workspace['raw']")
    return made


@pytest.mark.parametrize("kind", CELLS)
def test_a_cell_takes_little_longer(kind: str) -> None:
    text, bound = CELLS[kind]
    ours, plain = shell(extension=True), shell(extension=False)

    def report_cells(ip: Any) -> Callable[[], float]:
        result = ip.run_cell(text)

        def many() -> float:
            begin = time.thread_time()
            for _ in range(MANY):
                ip.events.trigger("pre_run_cell", result.info)
                ip.events.trigger("post_run_cell", result)
            return time.thread_time() - begin

        return many

    compared = compare(
        f"the events of {MANY} cells, each {kind}",
        report_cells(ours),
        report_cells(plain),
    )
    assert (min(compared.ours) - min(compared.reference)) / MANY <= bound
