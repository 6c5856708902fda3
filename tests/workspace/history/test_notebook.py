"""The notebook on histories in this environment: its verdicts, which are printed.

With sigima before 1.3, direct calls cannot be observed. They are steps of code there,
and the verdicts say so.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("IPython", reason="the workspace alone does not need IPython")

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from datalab_workspace.history.environment import here

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "history.ipynb"
VERDICTS = {"identical", "within tolerance", "random", "not replayable"}


@pytest.mark.filterwarnings("ignore")
def test_the_notebook_runs_and_no_verdict_is_different(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "standalone")
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    shell.run_line_magic("load_ext", "datalab_kernel_core")
    capsys.readouterr()
    for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            source = "".join(cell["source"])
            shell.run_cell(source, store_history=True).raise_error()
    lines = capsys.readouterr().out.splitlines()
    verdicts = [v for line in lines if (v := line.rpartition(": ")[2]) in VERDICTS]
    with capsys.disabled():
        sys.stdout.write(f"\n{dict(here().versions)}: {', '.join(verdicts)}\n")
    assert "DIFFERENT" not in "".join(lines)
    assert "random" in verdicts
    if here().versions["sigima"] >= "1.3":
        assert verdicts.count("identical") == 5
    else:
        assert "identical" in verdicts
