"""The examples of working together with DataLab's user, with a user at the window."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sigima.objects import create_signal, create_signal_roi

import datalab_workspace as dlw
from support.documentation import FENCE, PAGES
from support.real_datalab.application import CALL, Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

_EDITOR = "QApplication.activeModalWidget()"
_MACRO = "print('average')"


class User:
    """A user who does something in the window while the notebook waits.

    Args:
        datalab: The window.
    """

    def __init__(self, datalab: Application) -> None:
        self._datalab = datalab

    def select_now_and_then(self, done: threading.Event) -> None:
        """Select one signal after the other until the notebook goes on."""
        while not done.wait(0.1):
            for uuid in self._datalab.act("titles", "signal"):
                self._datalab.act("select", "signal", [uuid])

    def accept_regions(self, _done: threading.Event) -> None:
        """Accept the regions of interest in the editor."""
        self._datalab.wait_until(lambda: bool(self._datalab.act("dialogs")), CALL)
        self._datalab.evaluate(
            f"[setattr({_EDITOR}, 'modified', True), {_EDITOR}.accept()][1:]"
        )


@pytest.fixture
def page(tmp_path: Path) -> Iterator[str]:
    """The sections of the page, which name a file that exists."""
    (page,) = [page for page in PAGES if page.name == "howto/datalab.md"]
    sections = page.text.split("\n## Work together with DataLab's user\n")[1]
    file = tmp_path / "scan.csv"
    np.savetxt(file, np.column_stack([np.arange(9.0), np.arange(9.0) ** 2]))
    sections = sections.split("\n## Rename and remove objects in the window\n")[0]
    return sections.replace("/data/scan.csv", file.as_posix())


@pytest.fixture
def names(
    attended_companion_datalab: Application, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """The names of the examples: a workspace with two signals and an image."""
    datalab = attended_companion_datalab
    monkeypatch.setenv("XDG_CONFIG_HOME", str(datalab.folder / "config"))
    datalab.evaluate(
        f"[(m.set_code({_MACRO!r}), setattr(m, 'title', 'Average all'))[2:]"
        " for m in [main.macropanel.add_macro()]]"
    )
    ws = dlw.Workspace()
    x = np.linspace(0, 1, 100)
    ramp = create_signal("ramp", x, x)
    ramp.roi = create_signal_roi([[0.2, 0.4]])
    ws.update({"ramp": ramp, "other": np.arange(5.0), "spot": np.eye(5)})
    yield {"ws": ws, "np": np}
    ws.disconnect(keep=False)


def test_the_examples_are_true(
    page: str,
    names: dict[str, Any],
    attended_companion_datalab: Application,
    capsys: pytest.CaptureFixture[str],
) -> None:
    user, ws = User(attended_companion_datalab), names["ws"]
    waits: dict[str, Callable[[threading.Event], None]] = {
        "wait_for_selection": user.select_now_and_then,
        "ask_roi": user.accept_regions,
    }
    for _, block in FENCE.findall(page):
        done = threading.Event()
        with ThreadPoolExecutor() as pool, ExitStack() as stack:
            stack.callback(done.set)
            acts = [pool.submit(waits[w], done) for w in waits if w in block]
            exec(block, names)
        for act in acts:
            act.result()

    assert names["chosen"] in (["ramp"], ["other"])
    assert len(names["roi"].single_rois) == 1
    (read,) = names["names"]
    assert ws.describe(read).group == "scans"
    assert names["output"].strip() == "average"
    assert {"step 0", "step 19"} <= set(ws)
    assert ws.describe("step 1").group == "reference"
    assert ws.record("ramp").fields["xunit"] == ""
    selection = ws.selection
    assert selection.shown in ("signal", "image")
    assert selection == getattr(selection, f"{selection.shown}s")
    assert "Average all" in capsys.readouterr().out


def test_the_error_of_a_macro_is_shown(attended_companion_datalab: Application) -> None:
    code = "print('before')\nraise ValueError('no data')"
    attended_companion_datalab.evaluate(
        f"[(m.set_code({code!r}), setattr(m, 'title', 'Fails'))[2:]"
        " for m in [main.macropanel.add_macro()]]"
    )
    companion = attended_companion_datalab.companion
    ws = dlw.connect(companion.url, companion.token)
    with pytest.raises(dlw.DataLabError, match=r"'Fails' .*: no data") as it:
        ws.run_macro("Fails", timeout=CALL)
    assert "before" in "".join(traceback.format_exception(it.value))
