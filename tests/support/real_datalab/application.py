"""The whole application, with both of its servers, as a process of its own."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any
from urllib.error import URLError
from xmlrpc.client import ServerProxy, Transport

from support.environments import SOURCES
from support.real_datalab.companion import Companion, EndpointError
from support.real_datalab.process import environment_in, write_settings

# Longer than anything takes: reaching one means that DataLab hangs.
START = 120.0
STOP = 30.0
CALL = 30.0

TOKEN = "token-of-the-tests"
_SETTINGS = """\
[main]
version = 1.0.0
tour_enabled = False
webapi_localhost_no_token = {}
process_isolation_enabled = {}
"""
_PLUGINS = Path(__file__).with_name("plugins")
_INSIDE = Path(__file__).with_name("inside")
# Below the ports that the system gives to connections, and no default of DataLab's.
_PORTS = (12_000, 17_000)
_taken: set[int] = set()
#: The functions of `inside/acting.py` that need no window.
_WITHOUT_WINDOW = (
    *("open_dialog", "dialogs", "accept_dialog", "close_dialogs"),
    *("enter_rectangle", "keep_busy"),
)


class ApplicationError(RuntimeError):
    """DataLab did not start, or does not end."""


def free_port() -> int:
    """Return a port that nothing listens on and that was not returned before."""
    low, high = _PORTS
    first = low + os.getpid() * 37 % (high - low)
    for port in [*range(first, high), *range(low, first)]:
        if port in _taken:
            continue
        _taken.add(port)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ApplicationError(f"no port from {low} to {high} is free")


class _TimedTransport(Transport):
    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(host, timeout=CALL)


class Application:
    """DataLab with its Web API and its XML-RPC server, without a screen.

    Args:
        python: The interpreter of DataLab's environment.
        folder: Where it has its home, its settings and its log.
        needs_token: It asks for the token even on this machine, which is not its
            default.
        unattended: It answers most of its dialogs itself, instead of showing them.
        modules: Folders of further modules, which DataLab treats as plugins if
            their names begin with "datalab_".
        variables: Further variables of its environment.
        companion: It has our plugin, from the sources, and so a companion.
        web_api: It has a Web API, as all versions from 1.1 on have.
        xml_rpc: It listens for XML-RPC at the port that its environment names, as
            DataLab 1.3 does.
        isolates: It computes in a process of its own, which is its default and makes
            each start and end take twice as long.
    """

    def __init__(
        self,
        python: Path,
        folder: Path,
        *,
        needs_token: bool = True,
        unattended: bool = True,
        modules: Sequence[Path] = (),
        variables: Mapping[str, str] | None = None,
        companion: bool = False,
        web_api: bool = True,
        xml_rpc: bool = True,
        isolates: bool = False,
    ) -> None:
        self.folder = folder
        self.token = TOKEN
        self.web_port = free_port()
        self.rpc_port = free_port()
        self.inside_port = free_port()
        self.unattended = unattended
        self.has_web_api = web_api
        self._has_xml_rpc = xml_rpc
        self._has_companion = companion
        if companion:
            modules = (*modules, _INSIDE, *map(Path, SOURCES.split(os.pathsep)))
        self._boxes = folder / "boxes.txt"
        settings = _SETTINGS.format(not needs_token, isolates)
        self.settings = write_settings(folder, settings)
        environment = environment_in(folder) | {
            "DATALAB_WEBAPI_ENABLED": "1",
            "DATALAB_WEBAPI_HOST": "127.0.0.1",
            "DATALAB_WEBAPI_PORT": str(self.web_port),
            "DATALAB_WEBAPI_TOKEN": self.token,
            "DATALAB_XMLRPCPORT": str(self.rpc_port),
            "DATALAB_TEST_BOXES": str(self._boxes),
            "DATALAB_TEST_PORT": str(self.inside_port),
            "PYTHONPATH": os.pathsep.join(map(str, (_PLUGINS, *modules))),
        }
        environment |= variables or {}
        if unattended:
            environment |= {
                "GUIDATA_UNATTENDED": "1",
                "SIGIMAX_DO_NOT_QUIT": "1",
                "DATALAB_DO_NOT_QUIT": "1",  # before DataLab 1.3
            }
        self._log = folder / "log.txt"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [python, "-m", "datalab.app"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=environment,
            )
        try:
            self.wait_until(self._answers, START)
        except BaseException:
            self.kill()
            raise

    @property
    def url(self) -> str:
        """URL of the Web API."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def connection(self) -> dict[str, str]:
        """The variables of an environment that names it to a workspace."""
        return {
            "DATALAB_WORKSPACE_URL": self.url,
            "DATALAB_WORKSPACE_TOKEN": self.token,
            "DATALAB_XMLRPCPORT": str(self.rpc_port),
        }

    @property
    def rpc(self) -> ServerProxy:
        """The XML-RPC server, by the standard library's client."""
        url = f"http://127.0.0.1:{self.rpc_port}"
        return ServerProxy(url, transport=_TimedTransport(), allow_none=True)

    def bare(
        self, method: str, path: str, body: bytes | None = None, timeout: float = CALL
    ) -> bytes:
        """Send a request to the Web API by the standard library's client."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.web_port, timeout=timeout
        )
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",  # which DataLab asks of JSON alone
        }
        try:
            connection.request(method, f"/api/v1{path}", body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        assert answer.status < 300, (answer.status, content[:300])
        return content

    def boxes(self) -> list[str]:
        """Return what was noted of modal widgets, a line each."""
        return self._boxes.read_text("utf-8").splitlines()

    def forget_boxes(self) -> None:
        """Forget what was noted so far."""
        self._boxes.write_text("", "utf-8")

    def close_boxes(self) -> None:
        """Close the dialogs that are open."""
        request = self._boxes.with_suffix(".close")
        request.touch()
        self.wait_until(lambda: not request.exists(), CALL)

    def wait_until(self, is_so: Callable[[], bool], within: float) -> None:
        """Wait until something is so; at once an error if DataLab ends meanwhile."""
        end = time.monotonic() + within
        for _ in itertools.count():
            if is_so():
                return
            if time.monotonic() > end:
                raise ApplicationError(
                    f"it is not so within {within:g} s: {self.log()}"
                )
            with suppress(subprocess.TimeoutExpired):
                code = self.process.wait(timeout=0.05)
                raise ApplicationError(f"DataLab ended with {code}: {self.log()}")

    def log(self) -> str:
        """Return what DataLab printed last."""
        return self._log.read_text("utf-8", errors="replace")[-3000:]

    def empty(self) -> None:
        """Remove everything from the workspace."""
        self.rpc.reset_all()
        # Answered by the thread of the window: DataLab has come out of the call, which
        # an XML-RPC call at once could find it in, and wait for ever (see XmlRpc).
        assert b'"count":0' in self.bare("GET", "/objects")

    def freeze(self) -> None:
        """Stop the process as it is; it has stopped when this returns."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def thaw(self) -> None:
        """Let the process go on."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End DataLab as its user would, or by force if it doesn't end."""
        try:
            self.rpc.close_application()
            self.process.wait(timeout=STOP)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ApplicationError(f"DataLab does not end: {self.log()}") from error
        finally:
            self.kill()

    @property
    def companion_file(self) -> Path:
        """The path of the companion's discovery file, which may not exist."""
        name = f"companion-{self.process.pid}.json"
        return self.folder / "config" / "datalab" / name

    @property
    def companion_log(self) -> Path:
        """The path of the companion's log, which exists once something was logged."""
        return self.companion_file.with_name("companion.log")

    def take_companion_log(self) -> str:
        """Return what the companion has logged, and remove it.

        A test that makes the companion fail takes the log before it ends.
        """
        if not self.companion_log.exists():
            return ""
        content = self.companion_log.read_text("utf-8")
        self.companion_log.unlink()
        return content

    def check_companion_log(self) -> None:
        """Check that the companion has logged nothing.

        Raises:
            EndpointError: It has. The log is removed, so that only one test fails.
        """
        content = self.take_companion_log()
        if content:
            raise EndpointError(f"the companion has logged:\n{content}")

    @property
    def companion(self) -> Companion:
        """The companion that the discovery file describes.

        Raises:
            OSError: There is none.
        """
        return Companion.described_by(self.companion_file)

    def evaluate(self, code: str) -> Any:
        """Evaluate an expression in the window, with what `inside` defines.

        Needs the plugin of that folder, as an application with a companion has.

        Raises:
            EndpointError: It raised an exception, or there was no answer.
        """
        with Client(("127.0.0.1", self.inside_port)) as client:
            client.send(code)
            if not client.poll(CALL):
                raise EndpointError(f"no answer within {CALL:g} s to {code}")
            is_value, answer = client.recv()
        if not is_value:
            raise EndpointError(answer)
        return json.loads(answer)

    def act(self, name: str, *arguments: Any) -> Any:
        """Do what a user does: call a function of `inside/acting.py` in the window.

        Args:
            name: The function, for example "rename".
            arguments: Its arguments, without the window.
        """
        takes_window = name not in _WITHOUT_WINDOW
        code = [*(["main"] if takes_window else []), *map(repr, arguments)]
        return self.evaluate(f"acting.{name}({', '.join(code)})")

    def _answers(self) -> bool:
        if self._has_companion and not self.companion_file.exists():
            if self.companion_log.exists():
                raise ApplicationError(self.companion_log.read_text("utf-8"))
            return False
        try:
            if self._has_xml_rpc and not self.rpc.get_version():
                return False
            if not self.has_web_api:
                return True
            with urllib.request.urlopen(
                f"{self.url}/api/v1/status", timeout=5
            ) as reply:
                return bool(json.load(reply)["running"])
        except (OSError, URLError):
            return False
