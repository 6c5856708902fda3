"""The life of the Jupyter server that DataLab's menu starts."""

from __future__ import annotations

import os
from collections.abc import Callable

import psutil
import pytest

from datalab_workspace.live.clients.webapi import WebApi
from support.real_datalab.application import CALL, STOP, TOKEN
from support.real_datalab.desktop import (
    ADOPT,
    NEW,
    READ_FROM_WINDOW,
    SEEN,
    START,
    STOP_SERVER,
    VARIABLES,
    Desktop,
    put_seen,
)

# The first of them may have to make an environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


# -- the server's end -----------------------------------------------------------------


def test_the_server_is_stopped_by_the_menu(desktop: Desktop) -> None:
    page = desktop.open_notebook()
    page.kernel()
    processes = desktop.processes_of_server()
    assert len(processes) >= 2

    desktop.choose(STOP_SERVER)

    assert gone(processes)
    said = "The Jupyter server has stopped"
    desktop.datalab.wait_until(lambda: desktop.status() == said, CALL)
    assert desktop.redirects == []
    desktop.choose(STOP_SERVER)
    assert desktop.status() == "This window has no running Jupyter server"
    assert desktop.open_notebook().token != page.token


def test_an_unattended_datalab_stops_the_server_without_a_question(
    new_desktop: Callable[..., Desktop],
) -> None:
    desktop = new_desktop()
    page = desktop.open_notebook()
    page.kernel()
    desktop.wait_for_running(page.notebook)
    processes = desktop.processes_of_server()
    assert len(processes) >= 2

    desktop.datalab.close()

    assert gone(processes)
    assert desktop.redirects == []
    assert files_of_servers(desktop) == []


def test_without_notebooks_the_server_stops_without_a_question(
    new_desktop: Callable[..., Desktop],
) -> None:
    desktop = new_desktop(unattended=False)
    desktop.open_notebook()
    processes = desktop.processes_of_server()

    desktop.close_window()

    assert desktop.datalab.process.wait(STOP) == 0
    assert desktop.datalab.boxes() == []
    assert gone(processes)


def test_the_user_decides_whether_notebooks_outlive_the_window(
    new_desktop: Callable[..., Desktop],
) -> None:
    desktop = new_desktop(unattended=False)
    page = desktop.open_notebook()
    kernel = page.kernel()
    page.run(kernel, "kept = 41")
    desktop.wait_for_running(page.notebook)
    (server,) = desktop.servers()

    desktop.close_window()
    ((text, details),) = desktop.messages()
    assert text == f"1 notebook is running: {page.notebook}."
    assert "DATALAB_JUPYTER_KEEP_HOURS" in details
    desktop.press("Back to DataLab")
    desktop.datalab.wait_until(lambda: not desktop.evaluate("shown_boxes(main)"), CALL)
    assert desktop.evaluate("main.isVisible()")
    desktop.close_window()
    desktop.press("Keep Jupyter running")

    assert desktop.datalab.process.wait(STOP) == 0
    assert page.run(kernel, "kept + 1") == "42"

    later = new_desktop(folder=desktop.folder, unattended=False)
    later.press("Adopt")
    later.wait_for_running(page.notebook)
    later.close_window()
    later.press("Stop Jupyter")

    assert later.datalab.process.wait(STOP) == 0
    assert gone([server])
    assert files_of_servers(desktop) == []


def gone(processes: list[psutil.Process]) -> bool:
    """Wait until processes have ended, and tell whether they have."""
    _, alive = psutil.wait_procs(processes, timeout=STOP + CALL)
    return not alive


# -- a server left over ---------------------------------------------------------------


def test_notebooks_outlive_a_crash_and_reach_the_next_window(
    new_desktop: Callable[..., Desktop], web_api: Callable[..., WebApi]
) -> None:
    crashed = new_desktop(unattended=False)
    page = crashed.open_notebook()
    kernel = page.kernel()
    page.run(kernel, "kept = 41; workspace.list()")
    crashed.datalab.kill()
    assert page.run(kernel, "kept + 1") == "42"

    desktop = new_desktop(folder=crashed.folder, unattended=False)
    ((text, details),) = desktop.messages()
    assert text.endswith(f"1 notebook is running: {page.notebook}.")
    assert "workspace.resync()" in details
    desktop.press("Adopt")
    desktop.wait_for_running(page.notebook)
    put_seen(desktop, web_api)
    page.run(kernel, "workspace.resync()")

    assert page.run(kernel, READ_FROM_WINDOW).splitlines()[-1] == str(SEEN)
    assert page.run(kernel, "kept + 1") == "42"
    another = desktop.open_notebook()
    assert another.host == page.host
    assert desktop.datalab.boxes() == []
    wanted = str([desktop.datalab.url, TOKEN, str(desktop.datalab.rpc_port), None])
    assert another.run(another.kernel(), VARIABLES).strip() == wanted
    page.api("POST", f"kernels/{kernel}/restart")
    assert page.run(kernel, VARIABLES).strip() == wanted


def test_a_server_left_over_is_stopped_on_request(
    new_desktop: Callable[..., Desktop],
) -> None:
    crashed = new_desktop()
    crashed.open_notebook().kernel()
    processes = crashed.processes_of_server()
    crashed.datalab.kill()

    desktop = new_desktop(folder=crashed.folder, unattended=False)
    desktop.press("Stop Jupyter")

    said = "The Jupyter server left over has stopped"
    desktop.datalab.wait_until(lambda: desktop.status() == said, CALL)
    assert gone(processes)
    assert files_of_servers(desktop) == []


def test_a_server_left_over_is_offered_again_by_the_menu(
    new_desktop: Callable[..., Desktop],
) -> None:
    crashed = new_desktop()
    page = crashed.open_notebook()
    crashed.datalab.kill()
    desktop = new_desktop(folder=crashed.folder, unattended=False)
    desktop.press("Later")

    desktop.choose(ADOPT)
    desktop.press("Adopt")

    said = "Jupyter is adopted; call workspace.resync() in its notebooks"
    desktop.datalab.wait_until(lambda: desktop.status() == said, CALL)
    assert desktop.open_notebook().host == page.host
    desktop.choose(STOP_SERVER)
    said = "The Jupyter server has stopped"
    desktop.datalab.wait_until(lambda: desktop.status() == said, STOP)
    assert files_of_servers(desktop) == []


def test_an_unattended_datalab_offers_nothing_by_itself(
    new_desktop: Callable[..., Desktop],
) -> None:
    crashed = new_desktop()
    left_over = crashed.open_notebook()
    crashed.datalab.kill()

    desktop = new_desktop(folder=crashed.folder)
    own = desktop.open_notebook()

    assert desktop.evaluate("shown_boxes(main)") == []
    assert own.host != left_over.host


def test_two_windows_have_a_server_each(new_desktop: Callable[..., Desktop]) -> None:
    first = new_desktop(unattended=False)
    page = first.open_notebook()
    kernel = page.kernel()
    second = new_desktop(unattended=False, variables=first.jupyter)

    second.choose(ADOPT)
    said = "No Jupyter server is left over"
    second.datalab.wait_until(lambda: second.status() == said, CALL)
    other = second.open_notebook()

    assert other.host != page.host
    assert second.evaluate("shown_boxes(main)") == []
    wanted = f"['{first.datalab.url}'"
    assert page.run(kernel, VARIABLES).startswith(wanted)
    second.choose(STOP_SERVER)
    second.datalab.wait_until(lambda: not second.servers(), STOP)
    assert page.run(kernel, "1 + 1") == "2"


@pytest.mark.slow
def test_a_window_does_not_take_the_server_of_another(
    new_desktop: Callable[..., Desktop],
) -> None:
    """Both windows offered to adopt it, and the other one was quicker."""
    crashed = new_desktop()
    page = crashed.open_notebook()
    page.kernel()
    crashed.datalab.kill()
    first = new_desktop(folder=crashed.folder, unattended=False)
    second = new_desktop(unattended=False, variables=crashed.jupyter)
    first.messages()
    second.messages()

    first.press("Adopt")
    first.wait_for_running(page.notebook)
    second.press("Adopt")

    ((text, _),) = second.messages()
    assert text == "Jupyter: another DataLab window uses this Jupyter server"
    second.close_messages()
    assert first.running() == [page.notebook]
    assert second.open_notebook().host != page.host


def test_an_unused_server_ends_by_itself(new_desktop: Callable[..., Desktop]) -> None:
    seconds = 3
    hours = {"DATALAB_JUPYTER_KEEP_HOURS": str(seconds / 3600)}
    desktop = new_desktop(variables=hours)
    page = desktop.open_notebook()
    kernel = page.kernel()
    processes = desktop.processes_of_server()
    page.run(kernel, f"__import__('time').sleep({2 * seconds})")
    assert desktop.servers() != []  # a window is attached

    desktop.datalab.kill()
    page.run(kernel, f"__import__('time').sleep({2 * seconds})")
    assert processes[0].is_running()  # a page showed the notebook, which was busy

    assert gone(processes)
    assert files_of_servers(desktop) == []
    assert desktop.redirects == []


def files_of_servers(desktop: Desktop) -> list[str]:
    """Return the names of the files that servers have in Jupyter's folder."""
    return [file.name for file in (desktop.folder / "jupyter-run").glob("datalab-*")]


# -- what goes wrong ------------------------------------------------------------------


def test_a_server_that_fails_is_told_and_blocks_nothing(desktop: Desktop) -> None:
    before = list(desktop.notebooks.glob("*.ipynb"))
    with desktop.configuration() as config:
        config.write_text("raise SystemExit('the settings are broken')\n")

        desktop.choose(NEW)
        ((text, details),) = desktop.messages()

    desktop.close_messages()
    assert text == "Jupyter does not start: the settings are broken"
    assert "the settings are broken" in details
    assert desktop.datalab.boxes() == []
    assert desktop.evaluate("1 + 1") == 2
    assert list(desktop.notebooks.glob("*.ipynb")) == before


@pytest.mark.parametrize("hours", ["0", "a day"])
def test_an_impossible_time_is_refused(desktop: Desktop, hours: str) -> None:
    with desktop.variables(DATALAB_JUPYTER_KEEP_HOURS=hours):
        desktop.choose(NEW)
        ((text, _),) = desktop.messages()

    desktop.close_messages()
    assert text == (
        f"Jupyter does not start: DATALAB_JUPYTER_KEEP_HOURS is {hours!r}; expected a "
        "positive number of hours, or 'inf'"
    )


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs the user root"
)
def test_the_reason_is_shown_to_root(desktop: Desktop) -> None:
    with desktop.configuration() as config:
        config.write_text("")

        desktop.choose(NEW)
        ((text, details),) = desktop.messages()

    desktop.close_messages()
    assert text.startswith("Jupyter does not start: Running as root is not")
    assert "c.ServerApp.allow_root = True" in details
    assert files_of_servers(desktop) == []


@pytest.mark.slow
def test_a_server_that_is_killed_is_told_and_replaced(desktop: Desktop) -> None:
    page = desktop.open_notebook()
    (server,) = desktop.servers()

    server.kill()

    desktop.datalab.wait_until(
        lambda: bool(desktop.evaluate("shown_boxes(main)")), CALL
    )
    ((text, _),) = desktop.evaluate("shown_boxes(main)")
    assert text.startswith("The Jupyter server has ended")
    desktop.close_messages()
    assert desktop.open_notebook().token != page.token


def test_without_a_browser_the_user_is_told_where_the_notebook_is(
    desktop: Desktop,
) -> None:
    before = set(desktop.notebooks.glob("*.ipynb"))
    with desktop.variables(BROWSER="/bin/false"):
        desktop.choose(NEW)
        ((text, _),) = desktop.messages()

    desktop.close_messages()
    (notebook,) = set(desktop.notebooks.glob("*.ipynb")) - before
    assert str(notebook) in text
    assert "jupyter server list" in text
    assert desktop.datalab.boxes() == []


def test_the_window_answers_while_jupyter_starts(desktop: Desktop) -> None:
    """Choosing the entry returns at once, and the window goes on."""
    before = len(desktop.pages())
    desktop.choose(NEW)

    assert desktop.status() == "Starting Jupyter…"
    assert desktop.evaluate("1 + 1") == 2
    desktop.datalab.wait_until(lambda: len(desktop.pages()) > before, START)
