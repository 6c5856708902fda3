"""The macro of `docs/comparison.md`, in the Macro panel of the real DataLab."""

from __future__ import annotations

from pathlib import Path

import pytest

import datalab_workspace as dlw
from support import compared
from support.real_datalab.application import Application

CALL = 60.0


@pytest.mark.slow
def test_the_macro_finds_what_the_page_says(
    companion_datalab: Application, tmp_path: Path
) -> None:
    compared.measurement(tmp_path)
    code = (compared.SCRIPTS / "macro_of_datalab.py").read_text("utf-8")
    code = code.replace('"FOLDER"', repr(str(tmp_path)))
    companion_datalab.evaluate(
        f"[(m.set_code({code!r}), setattr(m, 'title', 'Task'))[2:]"
        " for m in [main.macropanel.add_macro()]]"
    )
    companion = companion_datalab.companion
    ws = dlw.connect(companion.url, companion.token)
    ws.run_macro("Task", timeout=CALL)

    stated = compared.stated()["macro_of_datalab"]
    assert compared.outcome(tmp_path).rounded() == stated
    assert (tmp_path / "project.h5").exists()
