"""The menu "Jupyter" in DataLab's own window, and the notebooks that it opens.

A plugin of the tests reads inside the window what the user sees. The browser is a
program that records the addresses that it is given.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from datalab_workspace.live.clients.webapi import WebApi
from datalab_workspace.model.sigima_objects import to_record
from support import environments
from support.real_datalab import beside
from support.real_datalab.application import CALL, STOP, Application
from support.real_datalab.beside import REQUIREMENTS, with_our_packages
from support.real_datalab.notebooks import Page

# The first of them may have to make an environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

INSIDE = Path(beside.__file__).with_name("inside")
OPEN, STOP_SERVER, COPY = ENTRIES = [
    "Open notebook",
    "Stop Jupyter server",
    "Copy connection settings",
]
#: Seconds in which JupyterLab starts on a busy machine.
START = 90.0

#: What the notebook does to read the signal "seen" from the window.
READ_FROM_WINDOW = 'workspace.get("seen").y.tolist()'
VARIABLES = """\
import os
print([os.environ.get(f"DATALAB_{n}") for n in
    ("WORKSPACE_URL", "WORKSPACE_TOKEN", "XMLRPCPORT", "KERNEL_MODE")])
"""
BROWSER = """\
#!{python}
import sys
with open({pages!r}, "a") as pages:
    pages.write(sys.argv[1] + "\\n")
"""


class Desktop:
    """DataLab with the plugin, and a user before it.

    Args:
        python: The interpreter of DataLab's environment.
        folder: Where everything of the user's is.
        options: Those of `Application`.
    """

    def __init__(self, python: Path, folder: Path, **options: Any) -> None:
        self.folder = folder
        self._pages = folder / "pages.txt"
        self._pages.touch()
        settings = folder / "jupyter"
        settings.mkdir()
        # Tests may run as root in a container.
        config = settings / "jupyter_server_config.py"
        config.write_text("c.ServerApp.allow_root = True\n")
        browser = folder / "browser"
        pages = str(self._pages)
        browser.write_text(BROWSER.format(python=sys.executable, pages=pages))
        browser.chmod(0o700)
        variables = {
            "BROWSER": str(browser),
            "JUPYTER_CONFIG_DIR": str(settings),
            "JUPYTER_RUNTIME_DIR": str(folder / "jupyter-run"),
            "JUPYTER_DATA_DIR": str(folder / "jupyter-data"),
            "DATALAB_KERNEL_MODE": "standalone",
        }
        self.datalab = Application(
            python,
            folder,
            modules=(INSIDE, *options.pop("modules", ())),
            variables=variables | options.pop("variables", {}),
            **options,
        )

    @property
    def notebooks(self) -> Path:
        return self.folder / "home" / "Documents" / "DataLab"

    @property
    def redirects(self) -> list[Path]:
        return list((self.folder / "jupyter-run").glob("datalab-*-open.html"))

    def evaluate(self, code: str) -> Any:
        """Evaluate an expression in the window."""
        answer = self.datalab.rpc.call_method("evaluate", {"args": [code]})
        return json.loads(answer)

    def choose(self, title: str) -> None:
        self.evaluate(f"trigger(main, {title!r})")

    def status(self) -> str:
        """Return what the status bar says."""
        return self.evaluate("main.statusBar().currentMessage()")

    def pages(self) -> list[str]:
        return self._pages.read_text().splitlines()

    def open_notebook(self) -> Page:
        """Choose to open a notebook, and return the page that the browser opens."""
        before = len(self.pages())
        self.choose(OPEN)
        self.datalab.wait_until(lambda: len(self.pages()) > before, START)
        return Page(self.pages()[-1])

    def servers(self) -> list[psutil.Process]:
        """Return the processes of Jupyter servers."""
        return [p for p in self.processes() if is_server(p)]

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.datalab.process.pid).children(recursive=True)

    def stop_server(self) -> None:
        """Stop the server if it runs, and forget what was opened."""
        if self.servers():
            self.choose(STOP_SERVER)
            self.datalab.wait_until(lambda: not self.servers(), STOP)


def is_server(process: psutil.Process) -> bool:
    try:
        return "datalab_kernel.desktop.jupyter_app" in process.cmdline()
    except psutil.Error:  # it has ended meanwhile
        return False


@pytest.fixture(scope="session")
def python_beside_jupyter(
    python_of_datalab: Path, python_of: Callable[[Path], Path]
) -> Iterator[Path]:
    """The interpreter of a DataLab beside JupyterLab and our wheels."""
    with with_our_packages(python_of(REQUIREMENTS)) as python:
        yield python


@pytest.fixture
def new_desktop(
    python_beside_jupyter: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Desktop]]:
    """Start a DataLab that a test may end."""
    started: list[Desktop] = []

    def start(python: Path = python_beside_jupyter, **options: Any) -> Desktop:
        started.append(Desktop(python, tmp_path_factory.mktemp("desktop"), **options))
        return started[-1]

    yield start
    for desktop in started:
        desktop.datalab.kill()


@pytest.fixture(scope="module")
def _desktop(
    python_beside_jupyter: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desktop]:
    # As a user runs it: it would show every dialog.
    desktop = Desktop(
        python_beside_jupyter, tmp_path_factory.mktemp("desktop"), unattended=False
    )
    yield desktop
    desktop.datalab.kill()


@pytest.fixture
def desktop(_desktop: Desktop) -> Iterator[Desktop]:
    """The running DataLab, empty; no dialog may be open at the end."""
    _desktop.datalab.empty()
    yield _desktop
    _desktop.stop_server()
    assert _desktop.datalab.boxes() == []


@pytest.fixture
def seen(desktop: Desktop, web_api: Callable[..., WebApi]) -> list[float]:
    """The values of a signal in the window."""
    values = [3.0, 1.0, 4.0, 1.0, 5.0]
    record = to_record((np.arange(5.0), np.array(values)))
    web_api(desktop.datalab.url, desktop.datalab.token).put("seen", record)
    return values


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

    desktop.choose(OPEN)

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

    desktop.choose(OPEN)

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

    desktop.choose(OPEN)

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
    desktop.choose(OPEN)

    assert desktop.status() == "Starting Jupyter…"
    assert desktop.evaluate("1 + 1") == 2
    desktop.datalab.wait_until(lambda: len(desktop.pages()) > before, START)
