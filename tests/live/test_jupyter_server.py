"""The life of the Jupyter server that DataLab's menu starts."""

from __future__ import annotations

from collections.abc import Callable

import psutil
import pytest

from support.real_datalab.application import CALL, STOP
from support.real_datalab.desktop import NEW, START, STOP_SERVER, Desktop

# The first of them may have to make an environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


# -- the server's end -----------------------------------------------------------------


def test_the_server_is_stopped_by_the_menu(desktop: Desktop) -> None:
    page = desktop.open_notebook()
    page.kernel()
    processes = desktop.servers() + desktop.servers()[0].children(recursive=True)
    assert len(processes) >= 2

    desktop.choose(STOP_SERVER)

    assert gone(processes)
    said = "The Jupyter server has stopped"
    desktop.datalab.wait_until(lambda: desktop.status() == said, CALL)
    assert desktop.redirects == []
    desktop.choose(STOP_SERVER)
    assert desktop.status() == "This window has no running Jupyter server"
    assert desktop.open_notebook().token != page.token


@pytest.mark.parametrize("how", ["close", "kill"])
def test_the_server_ends_with_datalab(
    new_desktop: Callable[..., Desktop], how: str
) -> None:
    desktop = new_desktop()
    desktop.open_notebook().kernel()
    processes = desktop.processes()
    assert len(processes) >= 2

    getattr(desktop.datalab, how)()

    assert gone(processes)
    assert desktop.redirects == []


def gone(processes: list[psutil.Process]) -> bool:
    """Wait until processes have ended, and tell whether they have."""
    _, alive = psutil.wait_procs(processes, timeout=STOP + CALL)
    return not alive


# -- what goes wrong ------------------------------------------------------------------


def test_a_server_that_fails_is_told_and_blocks_nothing(
    new_desktop: Callable[..., Desktop],
) -> None:
    desktop = new_desktop(unattended=False)
    config = desktop.folder / "jupyter" / "jupyter_server_config.py"
    config.write_text("raise SystemExit('the settings are broken')\n")

    desktop.choose(NEW)

    boxes: list[list[str]] = []

    def told() -> bool:
        boxes[:] = desktop.evaluate("shown_boxes(main)")
        return bool(boxes)

    desktop.datalab.wait_until(told, START)
    ((text, details),) = boxes
    assert text == "The Jupyter server has ended (exit code 1)"
    assert "the settings are broken" in details
    assert desktop.datalab.boxes() == []
    assert desktop.evaluate("1 + 1") == 2
    assert list(desktop.notebooks.glob("*.ipynb")) == []


def test_a_server_that_is_killed_is_told_and_replaced(desktop: Desktop) -> None:
    page = desktop.open_notebook()
    (server,) = desktop.servers()

    server.kill()

    desktop.datalab.wait_until(
        lambda: bool(desktop.evaluate("shown_boxes(main)")), CALL
    )
    ((text, _),) = desktop.evaluate("shown_boxes(main)")
    assert text.startswith("The Jupyter server has ended")
    desktop.evaluate("[box.close() for box in main.findChildren(QMessageBox)]")
    assert desktop.open_notebook().token != page.token


def test_without_a_browser_the_user_is_told_where_the_notebook_is(
    new_desktop: Callable[..., Desktop],
) -> None:
    desktop = new_desktop(unattended=False, variables={"BROWSER": "/bin/false"})

    desktop.choose(NEW)

    desktop.datalab.wait_until(
        lambda: bool(desktop.evaluate("shown_boxes(main)")), START
    )
    ((text, _),) = desktop.evaluate("shown_boxes(main)")
    assert str(desktop.notebooks / "DataLab.ipynb") in text
    assert "jupyter server list" in text
    assert desktop.datalab.boxes() == []


def test_the_window_answers_while_jupyter_starts(desktop: Desktop) -> None:
    """Choosing the entry returns at once, and the window goes on."""
    before = len(desktop.pages())
    desktop.choose(NEW)

    assert desktop.status() == "Starting Jupyter…"
    assert desktop.evaluate("1 + 1") == 2
    desktop.datalab.wait_until(lambda: len(desktop.pages()) > before, START)
