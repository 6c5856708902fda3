"""A user in front of DataLab with the menu "Jupyter".

The browser is a program that records the addresses that it is given.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil

from datalab_workspace.live.clients.webapi import WebApi
from datalab_workspace.model.sigima_objects import to_record
from support.real_datalab import beside
from support.real_datalab.application import CALL, STOP, Application
from support.real_datalab.notebooks import Page, ask

INSIDE = Path(beside.__file__).with_name("inside")
NEW, STOP_SERVER, ADOPT = (
    "New notebook",
    "Stop Jupyter server",
    "Adopt Jupyter server…",
)
#: Seconds in which JupyterLab starts on a busy machine.
START = 90.0

#: The values of the signal "seen".
SEEN = [3.0, 1.0, 4.0, 1.0, 5.0]
#: What the notebook does to read the signal "seen" from the window.
READ_FROM_WINDOW = 'workspace.get("seen").y.tolist()'
VARIABLES = """\
import os
print([os.environ.get(f"DATALAB_{n}") for n in
    ("WORKSPACE_URL", "WORKSPACE_TOKEN", "XMLRPCPORT", "KERNEL_MODE")])
"""
_BROWSER = """\
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
        settings.mkdir(exist_ok=True)
        # Tests may run as root in a container.
        config = settings / "jupyter_server_config.py"
        if not config.exists():
            config.write_text("c.ServerApp.allow_root = True\n")
        browser = folder / "browser"
        pages = str(self._pages)
        browser.write_text(_BROWSER.format(python=sys.executable, pages=pages))
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

    def end(self) -> None:
        """End DataLab and every Jupyter server of the user, at once."""
        processes = [*self._of_records()]
        with suppress(psutil.Error):
            processes += self.processes()
        self.datalab.kill()
        for process in processes:
            with suppress(psutil.Error):
                process.kill()

    def _of_records(self) -> Iterator[psutil.Process]:
        for file in (self.folder / "jupyter-run").glob("datalab-*-server.json"):
            with suppress(psutil.Error):
                server = psutil.Process(json.loads(file.read_text())["pid"])
                yield from (server, *server.children(recursive=True))

    @property
    def jupyter(self) -> dict[str, str]:
        """The variables of another DataLab of the same user of Jupyter."""
        return {"JUPYTER_RUNTIME_DIR": str(self.folder / "jupyter-run")}

    @contextmanager
    def variables(self, **changed: str) -> Iterator[None]:
        """Change DataLab's environment, which its servers inherit, in the context."""
        environ = "__import__('os').environ"
        before = {name: self.evaluate(f"{environ}.get({name!r})") for name in changed}
        self.evaluate(f"{environ}.update({changed!r})")
        try:
            yield
        finally:
            for name, value in before.items():
                self.evaluate(f"{environ}.pop({name!r}) and None")
                if value is not None:
                    self.evaluate(f"{environ}.update({ {name: value}!r})")

    @contextmanager
    def configuration(self) -> Iterator[Path]:
        """Yield the configuration of Jupyter servers, which is restored afterwards."""
        config = self.folder / "jupyter" / "jupyter_server_config.py"
        before = config.read_text()
        try:
            yield config
        finally:
            config.write_text(before)

    def close_messages(self) -> None:
        """Close the messages that are shown."""
        self.evaluate("[box.close() for box in main.findChildren(QMessageBox)]")

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

    def press(self, button: str) -> None:
        """Press a button of the dialog that is shown, or soon will be."""
        self.datalab.wait_until(
            lambda: self.evaluate(f"press(main, {button!r})"), START
        )

    def messages(self) -> list[list[str]]:
        """Wait for dialogs; return the text and the details of each."""
        found: list[list[str]] = []

        def shown() -> bool:
            found[:] = self.evaluate("shown_boxes(main)")
            return bool(found)

        self.datalab.wait_until(shown, START)
        return found

    def running(self) -> list[str]:
        """Return what the menu of the running notebooks shows."""
        return self.evaluate("running(main)")

    def wait_for_running(self, *names: str) -> None:
        """Wait until the window knows which notebooks run."""
        self.datalab.wait_until(lambda: self.running() == [*names], CALL)

    def status(self) -> str:
        """Return what the status bar says."""
        return self.evaluate("main.statusBar().currentMessage()")

    def pages(self) -> list[str]:
        return self._pages.read_text().splitlines()

    def open_notebook(self) -> Page:
        """Choose to open a notebook, and return the page that the browser opens."""
        return self.page_after(lambda: self.choose(NEW))

    def choose_file(self, file: Path) -> None:
        """Choose a file in the dialog that is shown."""
        self.evaluate(f"choose_file(main, {str(file)!r})")

    def page_after(self, action: Callable[[], None]) -> Page:
        """Do something, and return the page that the browser opens."""
        before = len(self.pages())
        action()
        self.datalab.wait_until(lambda: len(self.pages()) > before, START)
        return Page(self.pages()[-1])

    def close_window(self) -> None:
        """Close the window as its user would; a dialog may come first."""
        self.datalab.rpc.close_application()

    def processes_of_server(self) -> list[psutil.Process]:
        """Return the process of the Jupyter server and those of its kernels."""
        (server,) = self.servers()
        return [server, *server.children(recursive=True)]

    def servers(self) -> list[psutil.Process]:
        """Return the processes of Jupyter servers."""
        return [p for p in self.processes() if is_server(p)]

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.datalab.process.pid).children(recursive=True)

    def end_kernels(self) -> None:
        """End all kernels; the server goes on if it runs."""
        if not self.servers():
            return
        for kernel in self._ask_server("GET", "kernels"):
            self._ask_server("DELETE", f"kernels/{kernel['id']}")
        self.wait_for_running("No notebook is running")

    def _ask_server(self, method: str, path: str) -> Any:
        (file,) = (self.folder / "jupyter-run").glob("datalab-*-server.json")
        server = json.loads(file.read_text())
        return ask(urlsplit(server["url"]).netloc, server["token"], method, path)

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


def put_seen(desktop: Desktop, web_api: Callable[..., WebApi]) -> None:
    """Add the signal "seen" to the window."""
    record = to_record((np.arange(5.0), np.array(SEEN)))
    web_api(desktop.datalab.url, desktop.datalab.token).put("seen", record)
