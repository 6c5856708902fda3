"""The cost of loading the extension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

# Seconds of CPU time of this process, which other processes do not affect.
BUDGET = 0.015
HEAVY = ("numpy", "matplotlib", "sigima", "h5py", "datalab_workspace.workspace")
SCRIPT = f"""
import json, sys, time
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell(config=config)
begin = time.process_time()
shell.run_line_magic("load_ext", "{{}}")
took = time.process_time() - begin
print(json.dumps([took, [name for name in {HEAVY} if name in sys.modules]]))
"""


@pytest.mark.parametrize("extension", ["datalab_kernel_core", "datalab_kernel"])
def test_loading_is_quick_and_imports_nothing_heavy(
    in_new_process: Callable[[str], Any], extension: str
) -> None:
    loads = [in_new_process(SCRIPT.format(extension)) for _ in range(3)]

    assert [heavy for _, heavy in loads] == [[]] * 3
    assert min(took for took, _ in loads) < BUDGET


def test_importing_the_package_imports_nothing_heavy(
    in_new_process: Callable[[str], Any],
) -> None:
    loaded = in_new_process(
        "import datalab_kernel_core, json, sys; print(json.dumps([*sys.modules]))"
    )

    assert not {*HEAVY, "IPython"} & set(loaded)
