"""Real kernels, started through jupyter_client as a Jupyter front end does."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

import psutil
import pytest
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel import kernelspec
from support.three_kernels import EITHER

RECOVERY = "DATALAB_KERNEL_RECOVERY"
# Longer than anything takes: reaching it means that the kernel hangs.
PATIENCE = 30.0


@dataclass
class Execution:
    """What a cell did, as far as it is known."""

    request: str
    status: str | None = None
    stdout: str = ""
    stderr: str = ""
    result: str | None = None
    shown: dict[str, Any] = field(default_factory=dict)  # the content of the result
    displayed: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    idle: bool = False
    answer: dict[str, Any] = field(default_factory=dict)  # the content of the reply
    sent: list[dict[str, Any]] = field(default_factory=list)  # all else that it shows

    @property
    def kinds(self) -> list[str]:
        """The types of the messages that show something, in their order."""
        return [message["msg_type"] for message in self.sent]

    def collect(self, message: dict[str, Any]) -> None:
        content = message["content"]
        kind = message["msg_type"]
        if kind not in {"status", "execute_input", "execute_reply"}:
            self.sent.append(message)
        if kind == "stream":
            text = getattr(self, content["name"]) + content["text"]
            setattr(self, content["name"], text)
        elif kind == "execute_result":
            self.result = content["data"].get("text/plain")
            self.shown = content
        elif kind == "display_data":
            self.displayed.append(content["data"])
        elif kind == "error":
            self.error = f"{content['ename']}: {content['evalue']}"
        elif kind == "status":
            self.idle = content["execution_state"] == "idle"
        elif kind == "execute_reply":
            self.status = content["status"]
            self.answer = content


class Kernel:
    """A running kernel, and a client of it."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.process = manager.provisioner.process
        self.client = manager.client()
        self.client.start_channels()
        self.patience = PATIENCE

    def wait_until_ready(self) -> None:
        self.client.wait_for_ready(timeout=PATIENCE)
        # It asks again where the answer takes long: leave none of them to be read.
        last = self.client.kernel_info()
        answered = None
        while answered != last:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            answered = reply["parent_header"]["msg_id"]

    def submit(
        self, code: str, *, stop_on_error: bool = False, **options: Any
    ) -> Execution:
        """Ask for a cell to be run, and go on.

        Args:
            code: The cell.
            stop_on_error: If it fails, those behind it are not to be run.
            options: More of what a request says.
        """
        options["stop_on_error"] = stop_on_error
        return Execution(self.client.execute(code, **options))

    def begin(self, code: str, until: str, *, stop_on_error: bool = False) -> Execution:
        """Run a cell until it has printed `until`, and leave it running."""
        execution = self.submit(code, stop_on_error=stop_on_error)
        self.wait_for_output(execution, until)
        return execution

    def wait_for_output(
        self, execution: Execution, text: str, *, stream: str = "stdout"
    ) -> None:
        """Wait until a cell, or what it left running, has printed a text."""
        self._collect(execution, lambda: text in getattr(execution, stream))

    def finish(self, execution: Execution) -> Execution:
        """Wait until a cell has been answered and all it sent has arrived."""
        self._collect(execution, lambda: execution.idle)
        deadline = time.monotonic() + self.patience
        while execution.status is None:
            reply = self.client.get_shell_msg(timeout=deadline - time.monotonic())
            if reply["parent_header"]["msg_id"] == execution.request:
                execution.collect(reply)
        return execution

    def run(self, code: str, **options: Any) -> Execution:
        """Run a cell to its end, asked for as by `submit`."""
        return self.finish(self.submit(code, **options))

    def answer(self, request: str) -> dict[str, Any]:
        """Wait for the answer to a request on the shell channel; return its content."""
        while True:
            message = self.client.get_shell_msg(timeout=self.patience)
            if message["parent_header"]["msg_id"] == request:
                return dict(message["content"])

    def value(self, expression: str) -> str:
        """Evaluate an expression; return its repr."""
        execution = self.run(expression)
        assert execution.error is None, execution.error
        assert execution.result is not None
        return execution.result

    def printed(self, text: str) -> None:
        """Wait until code outside any cell has printed `text`."""
        deadline = time.monotonic() + self.patience
        seen = ""
        while text not in seen:
            message = self.client.get_iopub_msg(timeout=deadline - time.monotonic())
            seen += message["content"].get("text", "")

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()

    def restart(self) -> None:
        self.manager.restart_kernel()
        self.process = self.manager.provisioner.process
        self.wait_until_ready()

    def shut_down(self) -> int:
        """Shut the kernel down as Jupyter does; return its exit code."""
        self.manager.shutdown_kernel()
        return int(self.process.returncode)

    def close(self) -> None:
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)
        self.manager.context.destroy(linger=0)

    def _collect(self, execution: Execution, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.patience
        while not done():
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except Empty:
                assert self.manager.is_alive(), "the kernel died"
                assert time.monotonic() < deadline, f"the kernel hangs: {execution}"
                continue
            if message["parent_header"].get("msg_id") == execution.request:
                execution.collect(message)


@contextmanager
def _running(name: str, jupyter: Path | None, env: dict[str, str]) -> Iterator[Kernel]:
    specs = KernelSpecManager()
    if jupyter is not None:
        specs.kernel_dirs = [str(jupyter / "kernels")]
    manager = KernelManager(kernel_name=name, kernel_spec_manager=specs)
    env.pop("PYTEST_CURRENT_TEST", None)  # ipykernel behaves otherwise if it sees it
    with tempfile.TemporaryDirectory() as folder:
        # Each records its workspace, and is not told what others have left.
        if env.get(RECOVERY) == "0":
            env[RECOVERY] = folder
        manager.start_kernel(env=env)
        kernel = Kernel(manager)
        try:
            kernel.wait_until_ready()
            yield kernel
        finally:
            kernel.close()


@pytest.fixture(scope="session")
def jupyter_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Jupyter data folder that knows this kernel, and those that tests add."""
    prefix = tmp_path_factory.mktemp("prefix")
    kernelspec.install(prefix=prefix)
    return prefix / "share" / "jupyter"


@pytest.fixture(scope="session")
def running(jupyter_data: Path) -> Callable[..., AbstractContextManager[Kernel]]:
    """Kernels for the time of a `with` block, each with further variables if given.

    Names are those of `jupyter_data`, then those of this environment.
    """

    def running(
        name: str = kernelspec.KERNEL_NAME, **variables: str
    ) -> AbstractContextManager[Kernel]:
        known = (jupyter_data / "kernels" / name).exists()
        env = {**os.environ, **variables}
        return _running(name, jupyter_data if known else None, env)

    return running


@pytest.fixture
def start(
    running: Callable[..., AbstractContextManager[Kernel]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Kernel]]:
    """Start kernels by name, the DataLab kernel by default, as `running` does.

    Each test has an IPython folder of its own; variables may be added.
    """
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    with ExitStack() as stack:

        def start(name: str = kernelspec.KERNEL_NAME, **variables: str) -> Kernel:
            return stack.enter_context(running(name, **variables))

        yield start


@pytest.fixture(scope="module")
def kernel(
    running: Callable[..., AbstractContextManager[Kernel]],
) -> Iterator[Kernel]:
    """One DataLab kernel for the tests of a module."""
    with running() as kernel:
        yield kernel


@pytest.fixture(params=EITHER)
def either(request: pytest.FixtureRequest, start: Callable[..., Kernel]) -> Kernel:
    """Our kernel, and the one that shows what is expected of it."""
    return start(request.param)


@pytest.fixture
def ipython_folder(tmp_path: Path) -> Path:
    """The IPython folder of the kernels that `start` starts."""
    profile = tmp_path / "ipython" / "profile_default"
    (profile / "startup").mkdir(parents=True)
    return profile


# Starts a kernel, says which process it is, and is killed while the kernel runs.
SERVER = """
import sys
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager
specs = KernelSpecManager()
if sys.argv[2]:
    specs.kernel_dirs = [sys.argv[2]]
manager = KernelManager(kernel_name=sys.argv[1], kernel_spec_manager=specs)
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=30)
for code in sys.argv[3:]:
    client.execute(code)
while "left" not in client.get_iopub_msg(timeout=30)["content"].get("text", ""):
    pass
print(manager.provisioner.process.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def orphan(jupyter_data: Path) -> Callable[[str, str], AbstractContextManager[Any]]:
    """Kernels, by name, that lost their server once a cell of theirs printed `left`.

    The context is the kernel's process.
    """

    @contextmanager
    def orphan(name: str, code: str) -> Iterator[psutil.Process]:
        kernels = jupyter_data / "kernels"
        with subprocess.Popen(
            [
                *(sys.executable, "-c", SERVER, name),
                *(str(kernels) if (kernels / name).exists() else "", code),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as server:
            kernel = psutil.Process(int(server.stdout.readline()))
            server.kill()
        try:
            yield kernel
        finally:
            if kernel.is_running():
                kernel.kill()

    return orphan
