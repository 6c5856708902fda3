"""The menu "Jupyter" in DataLab's own window, and the notebooks that it opens.

A plugin of the tests reads inside the window what the user sees.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import environments
from support.real_datalab.application import CALL
from support.real_datalab.desktop import (
    NEW,
    READ_FROM_WINDOW,
    START,
    VARIABLES,
    Desktop,
)

# The first of them may have to make an environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

COPY = "Copy connection settings"
ENTRIES = [
    "New notebook",
    "Open notebook…",
    "Open JupyterLab",
    "Running notebooks",
    "Adopt Jupyter server…",
    "Stop Jupyter server",
    COPY,
]


@pytest.fixture
def desktop(_desktop: Desktop) -> Iterator[Desktop]:
    """The running DataLab, empty, whose Jupyter server goes on from test to test."""
    _desktop.datalab.empty()
    yield _desktop
    _desktop.end_kernels()
    assert _desktop.datalab.boxes() == []


# -- the menu -------------------------------------------------------------------------


def test_both_panels_have_the_menu(desktop: Desktop) -> None:
    assert desktop.evaluate("entries(main)") == [ENTRIES, ENTRIES]


@pytest.mark.parametrize("beside", ["nothing", "a folder of that name"])
def test_without_jupyter_nothing_shows(
    new_desktop: Callable[..., Desktop],
    python_of_datalab: Path,
    tmp_path: Path,
    beside: str,
) -> None:
    if beside != "nothing":
        (tmp_path / "jupyterlab").mkdir()
    modules = (tmp_path, *environments.SOURCES.split(os.pathsep))

    desktop = new_desktop(python_of_datalab, modules=modules)

    assert desktop.evaluate("entries(main)") == []
    loaded = "sorted(m for m in __import__('sys').modules if 'datalab_kernel' in m)"
    assert "datalab_kernel_plugin" in desktop.evaluate(loaded)
    assert "Jupyter" not in desktop.status()
    assert desktop.evaluate("failed_plugins()") == []
    log = desktop.datalab.log()
    assert "Traceback" not in log
    assert "datalab_kernel" not in log
    assert "Jupyter" not in log


def test_reloading_plugins_changes_nothing(desktop: Desktop, seen: list[float]) -> None:
    page = desktop.open_notebook()
    kernel = page.kernel()
    page.run(kernel, "kept = 1")
    servers = desktop.servers()
    identities = desktop.evaluate("identities()")

    for _ in range(3):
        desktop.evaluate("main.reload_plugins()")

        assert desktop.evaluate("entries(main)") == [ENTRIES, ENTRIES]
        assert desktop.evaluate("identities()") == identities
    assert desktop.servers() == servers
    assert page.run(kernel, "kept") == "1"
    assert desktop.open_notebook().host == page.host
    assert "already registered" not in desktop.datalab.log()
    assert "Traceback" not in desktop.datalab.log()


# -- notebooks ------------------------------------------------------------------------


def test_a_notebook_reads_from_the_window(desktop: Desktop, seen: list[float]) -> None:
    page = desktop.open_notebook()

    assert "<title>JupyterLab</title>" in page.html()
    kernel = page.kernel()
    assert page.api("GET", f"kernels/{kernel}")["name"] == "datalab-kernel"
    assert page.run(kernel, READ_FROM_WINDOW).splitlines()[-1] == str(seen)
    datalab = desktop.datalab
    wanted = [datalab.url, datalab.token, str(datalab.rpc_port), None]
    assert page.run(kernel, VARIABLES).strip() == str(wanted)


def test_the_notebook_is_new_and_its_cells_run(desktop: Desktop) -> None:
    first = desktop.open_notebook()
    second = desktop.open_notebook()

    assert second.host == first.host
    assert len(desktop.servers()) == 1
    assert first.notebook != second.notebook
    content = json.loads((desktop.notebooks / second.notebook).read_text("utf-8"))
    assert content["metadata"]["kernelspec"]["name"] == "datalab-kernel"
    kernel = second.kernel()
    cells = [c for c in content["cells"] if c["cell_type"] == "code"]
    for cell in cells:
        assert "Error" not in second.run(kernel, "".join(cell["source"]))
    desktop.datalab.wait_until(
        lambda: desktop.status() == f"Opened {desktop.notebooks / second.notebook}",
        CALL,
    )


def test_a_notebook_of_the_user_is_left_alone(desktop: Desktop) -> None:
    desktop.notebooks.mkdir(parents=True, exist_ok=True)
    own = {desktop.notebooks / f"DataLab{n}.ipynb" for n in ("", " 2", " 3")}
    for path in own:
        path.write_text("mine")

    page = desktop.open_notebook()

    assert desktop.notebooks / page.notebook not in own
    assert {path.read_text() for path in own} == {"mine"}


def test_the_web_api_is_started_if_need_be(desktop: Desktop, seen: list[float]) -> None:
    desktop.evaluate("main.stop_webapi_server()")
    desktop.datalab.wait_until(
        lambda: not desktop.evaluate("main.get_webapi_status()['running']"), CALL
    )

    page = desktop.open_notebook()

    assert desktop.evaluate("main.get_webapi_status()['running']")
    assert page.run(page.kernel(), READ_FROM_WINDOW).splitlines()[-1] == str(seen)


def test_a_notebook_knows_where_the_window_is_now(desktop: Desktop) -> None:
    """The Web API was stopped since the server started, and is elsewhere now."""
    desktop.open_notebook()
    moved = desktop.datalab.url.rpartition(":")[0] + ":1"
    desktop.evaluate(
        "setattr(main, 'get_webapi_status', lambda: "
        f"{{'running': True, 'url': {moved!r}, 'token': 'new', 'available': True}})"
    )

    page = desktop.open_notebook()
    desktop.evaluate("delattr(main, 'get_webapi_status')")

    assert f"['{moved}', 'new'" in page.run(page.kernel(), VARIABLES)


def test_the_connection_is_copied(desktop: Desktop) -> None:
    desktop.choose(COPY)

    copied = desktop.evaluate(
        "__import__('qtpy.QtWidgets').QtWidgets.QApplication.clipboard().text()"
    )
    assert copied.splitlines() == [
        f"export DATALAB_WORKSPACE_URL={desktop.datalab.url}",
        f"export DATALAB_WORKSPACE_TOKEN={desktop.datalab.token}",
        f"export DATALAB_XMLRPCPORT={desktop.datalab.rpc_port}",
    ]


# -- other pages ----------------------------------------------------------------------


def test_an_existing_notebook_is_opened(desktop: Desktop) -> None:
    first = desktop.open_notebook()
    other = desktop.notebooks / "sub folder" / "mine é.ipynb"
    other.parent.mkdir(exist_ok=True)
    other.write_bytes((desktop.notebooks / first.notebook).read_bytes())

    desktop.choose("Open notebook…")
    page = desktop.page_after(lambda: desktop.choose_file(other))

    assert page.host == first.host
    assert page.path == "/lab/tree/sub folder/mine é.ipynb"
    said = f"Opened {other}"
    desktop.datalab.wait_until(lambda: desktop.status() == said, CALL)


def test_a_notebook_elsewhere_is_refused(desktop: Desktop, tmp_path: Path) -> None:
    desktop.open_notebook()
    other = tmp_path / "elsewhere.ipynb"
    other.write_text("{}")

    desktop.choose("Open notebook…")
    desktop.choose_file(other)

    ((text, _),) = desktop.messages()
    assert text == (
        f"Jupyter: {other} is not in the folder of this Jupyter server, "
        f"{desktop.notebooks}; move it there"
    )
    desktop.close_messages()


def test_jupyterlab_is_opened_without_a_notebook(desktop: Desktop) -> None:
    before = list(desktop.notebooks.glob("*.ipynb"))

    page = desktop.page_after(lambda: desktop.choose("Open JupyterLab"))

    assert page.path == "/lab"
    assert "<title>JupyterLab</title>" in page.html()
    assert list(desktop.notebooks.glob("*.ipynb")) == before


def test_the_menu_shows_which_notebooks_run(desktop: Desktop) -> None:
    assert desktop.running() == ["No notebook is running"]
    first, second = desktop.open_notebook(), desktop.open_notebook()
    first.kernel()
    desktop.wait_for_running(first.notebook)
    kernel = second.kernel()
    desktop.wait_for_running(*sorted([first.notebook, second.notebook]))

    again = desktop.page_after(
        lambda: desktop.evaluate(f"trigger_running(main, {second.notebook!r})")
    )
    second.api("DELETE", f"kernels/{kernel}")
    second.api("POST", "kernels", name="datalab-kernel")

    assert again.path == second.path
    desktop.wait_for_running(first.notebook, "1 kernel without a notebook is running")
    assert desktop.evaluate("1 + 1") == 2


# -- secrets --------------------------------------------------------------------------


def test_no_token_can_be_read_by_others(desktop: Desktop, seen: list[float]) -> None:
    page = desktop.open_notebook()
    page.run(page.kernel(), "1")
    tokens = (page.token, desktop.datalab.token)

    processes = desktop.processes()
    assert len(processes) >= 2  # the server and its kernel
    for process in processes:
        assert not [t for t in tokens if t in " ".join(process.cmdline())]
    assert stat.S_IMODE(page.file.stat().st_mode) == 0o600
    kept = [file for file in desktop.folder.rglob("*") if holds(file, tokens)]
    assert page.file in kept
    # DataLab itself writes the file by which it is found, as it pleases.
    theirs = "webapi_connection.json"
    shared = [f for f in kept if f.stat().st_mode & 0o077 and f.name != theirs]
    assert shared == []
    assert [file for file in kept if file.suffix == ".log"] == []
    shown = desktop.evaluate("repr(vars(of_window(main)._server))")
    assert not [token for token in tokens if token in shown]


def test_an_error_of_the_menu_shows_no_token(desktop: Desktop) -> None:
    shown = desktop.evaluate("failure_of_menu(main, proxy)")

    assert "DATALAB_WORKSPACE_TOKEN" in shown
    assert desktop.datalab.token not in shown


def test_without_the_file_jupyter_asks_for_its_token(
    new_desktop: Callable[..., Desktop],
) -> None:
    desktop = new_desktop(unattended=False)
    with (desktop.folder / "jupyter" / "jupyter_server_config.py").open("a") as config:
        config.write("c.ServerApp.use_redirect_file = False\n")

    desktop.choose(NEW)

    desktop.datalab.wait_until(
        lambda: bool(desktop.evaluate("shown_boxes(main)")), START
    )
    ((text, details),) = desktop.evaluate("shown_boxes(main)")
    assert text == "Jupyter asks for its token in the browser."
    assert "`jupyter server list` shows the token" in details
    (page,) = desktop.pages()
    assert page.startswith("http://127.0.0.1:")
    assert page.endswith("/lab/tree/DataLab.ipynb")
    assert desktop.redirects == []


def holds(file: Path, tokens: tuple[str, ...]) -> bool:
    if not file.is_file():
        return False
    content = file.read_bytes()
    return any(token.encode() in content for token in tokens)
