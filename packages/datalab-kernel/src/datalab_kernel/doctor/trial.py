"""A trial of the kernel, started as Jupyter starts it.

The kernel has an IPython folder, a runtime folder and a workspace of its own: it
changes no files of the user, except for Matplotlib's cache of fonts.
"""

from __future__ import annotations

import ast
import os
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any, BinaryIO

from datalab_kernel import kernelspec
from datalab_kernel.doctor import kernelspecs
from datalab_kernel.doctor.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_client.blocking.client import BlockingKernelClient
    from jupyter_client.manager import KernelManager

PATIENCE = 60.0  # with a kernel that starts or runs a cell, in seconds
INTERRUPT_PATIENCE = 10.0
# Longer than the cell that is interrupted: a kernel that works has answered by then.
ANSWER_PATIENCE = 2 * INTERRUPT_PATIENCE
LAST_LINES = 12

CELL = """
_x = np.linspace(0, 1, 50)
workspace.add("trial", create_signal("trial", _x, _x**2))
workspace.add("slope", sigima.proc.signal.derivative(workspace.get("trial")))
plotter.plot("slope")
"""
LONG_CELL = "import time; print('running', flush=True); time.sleep({seconds})"
REPORT = "__import__('datalab_kernel.xeus.registry', fromlist=['_']).report()"


class Failed(Exception):  # noqa: N818  # the kernel failed, not the trial
    """The kernel does not work; the message is the reason, in one line."""


def check(*, patience: float = PATIENCE) -> Iterator[Finding]:
    """Try the kernel that Jupyter starts; if it fails, also try this Python's own.

    Args:
        patience: How long to wait for the kernel's start and for a cell, in seconds.
    """
    try:
        found = kernelspecs.chosen(kernelspecs.find(kernelspecs.jupyter_folders()))
    except ModuleNotFoundError:
        text = "the start of the kernel: not checked"
        yield Finding("warn", text, kernelspec.INSTALL_CLI)
        return
    if found is not None and found.spec is not None:
        own = _is_own(found)
        remedy = None if own else kernelspecs.remedy_for(found)
        works = True
        for finding in _try(f"kernel {found.name}", found.directory, patience, remedy):
            works &= finding.level != "error"
            yield finding
        if works or own:
            return
    with tempfile.TemporaryDirectory(prefix="datalab-kernel-") as folder:
        directory = Path(folder, kernelspec.KERNEL_NAME)
        kernelspec.write(directory, kernelspec.kernel_dict())
        yield from _try("this Python's own kernel", directory, patience)


class Dead(Failed):
    """The kernel's process has ended."""


class Silent(Failed):
    """The kernel runs, but does not answer."""


class Trial:
    """A kernel on trial, and a client of it.

    Args:
        manager: The manager that starts the kernel.
        folder: A folder for this trial only. Its file `output` contains the output of
            the kernel's process.
        patience: How long to wait for the kernel, in seconds.
    """

    def __init__(self, manager: KernelManager, folder: Path, patience: float) -> None:
        self._manager = manager
        self._folder = folder
        self._patience = patience
        self._deadline = 0.0  # of the cell that runs
        self._client: BlockingKernelClient | None = None

    def steps(self) -> Iterator[Finding]:
        """Start the kernel, use it, and shut it down.

        Raises:
            Failed: If the kernel does not work.
        """
        yield self._start()
        yield from self._compute()
        yield self._interrupt()
        yield self._shut_down()

    def close(self) -> None:
        """End the kernel, whatever its state."""
        if self._client is not None:
            self._client.stop_channels()
        if self._manager.has_kernel:
            self._manager.shutdown_kernel(now=True)

    def last_lines(self) -> tuple[str, ...]:
        """Return the last lines that the process printed."""
        path = self._folder / "output"
        if not path.exists():
            return ()
        text = path.read_text(encoding="utf-8", errors="replace")
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
        return tuple(lines[-LAST_LINES:])

    def _start(self) -> Finding:
        private = {
            "IPYTHONDIR": str(self._folder / "ipython"),
            "JUPYTER_RUNTIME_DIR": str(self._folder),
            "DATALAB_KERNEL_MODE": "standalone",
            "DATALAB_KERNEL_RECOVERY": "0",
        }
        begin = time.monotonic()
        try:
            with (self._folder / "output").open("wb") as output:
                self._launch(private, output)
            self._client = self._manager.client()
            self._client.start_channels()
            self._client.wait_for_ready(timeout=self._patience)
        except Exception as error:  # Jupyter may raise anything for a kernelspec
            raise Failed(f"does not start: {error}") from error
        return Finding("ok", f"ready after {time.monotonic() - begin:.1f} s")

    def _launch(self, private: dict[str, str], output: BinaryIO) -> None:
        spec = self._manager.kernel_spec
        assert spec is not None
        # The variables of a kernelspec would take precedence.
        spec.env = {k: v for k, v in spec.env.items() if k not in private}
        self._manager.start_kernel(
            env={**os.environ, **private},
            cwd=str(self._folder),
            stdout=output,
            stderr=output,
        )

    def _compute(self) -> Iterator[Finding]:
        begin = time.monotonic()
        kinds: set[str] = set()
        reply = self._run(
            CELL,
            lambda content: kinds.update(content.get("data", ())),
            {"report": REPORT},
        )
        if reply["status"] != "ok":
            raise Failed(f"a cell failed: {_error(reply)}")
        if "image/png" not in kinds:
            raise Failed("a plot did not arrive as an image")
        seconds = time.monotonic() - begin
        yield Finding("ok", f"workspace, sigima and plotter work ({seconds:.1f} s)")
        yield from _describe_repairs(reply["user_expressions"]["report"])

    def _interrupt(self) -> Finding:
        """Interrupt a cell.

        A stock kernel calls C's `exit` in its signal handler. That usually ends the
        process. If the signal arrives while the main thread allocates memory, `exit`
        waits for a lock of the thread that it runs in, and the process stays forever.
        """
        begin: float | None = None

        def on_output(content: dict[str, Any]) -> None:
            nonlocal begin
            if "running" in content.get("text", ""):
                begin = time.monotonic()
                self._deadline = begin + ANSWER_PATIENCE
                self._manager.interrupt_kernel()

        try:
            reply = self._run(LONG_CELL.format(seconds=INTERRUPT_PATIENCE), on_output)
        except Dead:
            if begin is None:
                raise
            raise Failed("an interrupt ended the kernel") from None
        except Silent:
            if begin is None:
                raise
            text = f"an interrupt was not answered within {ANSWER_PATIENCE:.0f} s"
            raise Failed(text) from None
        if reply["status"] == "ok":
            raise Failed(f"no interrupt within {INTERRUPT_PATIENCE:.0f} s")
        if "KeyboardInterrupt" not in str(reply.get("ename")):
            raise Failed(f"an interrupt ended a cell with {_error(reply)}")
        assert begin is not None
        seconds = time.monotonic() - begin
        return Finding("ok", f"an interrupt stops a cell ({seconds:.1f} s)")

    def _shut_down(self) -> Finding:
        process: Any = getattr(self._manager.provisioner, "process", None)
        self._manager.shutdown_kernel()
        if process is None:
            return Finding("ok", "shuts down")  # a kernel on another machine
        if process.returncode != 0:
            raise Failed(f"ends with exit code {process.returncode} when shut down")
        return Finding("ok", "shuts down with exit code 0")

    def _run(
        self,
        code: str,
        on_output: Callable[[dict[str, Any]], None],
        expressions: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Run a cell to its end; return the content of the reply.

        Raises:
            Dead: If the kernel's process ends before that.
            Silent: If the cell's deadline passes. `on_output` may change the deadline.
        """
        client = self._client
        assert client is not None
        self._deadline = time.monotonic() + self._patience
        request = client.execute(code, user_expressions=expressions, allow_stdin=False)
        for message in self._answers(client.get_iopub_msg, request):
            on_output(message["content"])
            if message["content"].get("execution_state") == "idle":
                break
        reply = next(self._answers(client.get_shell_msg, request))
        return dict(reply["content"])

    def _answers(
        self, receive: Callable[..., dict[str, Any]], request: str
    ) -> Iterator[dict[str, Any]]:
        while time.monotonic() < self._deadline:
            try:
                message = receive(timeout=1)
            except Empty:
                if not self._manager.is_alive():
                    raise Dead("died while it ran a cell") from None
                continue
            if message["parent_header"].get("msg_id") == request:
                yield message
        raise Silent(f"did not answer within {self._patience:.0f} s")


def _try(
    title: str, directory: Path, patience: float, remedy: str | None = None
) -> Iterator[Finding]:
    with _trial(directory, patience) as trial:
        try:
            for finding in trial.steps():
                yield replace(finding, text=f"{title}: {finding.text}")
        except Failed as failure:
            yield Finding("error", f"{title}: {failure}", remedy, trial.last_lines())


@contextmanager
def _trial(directory: Path, patience: float) -> Iterator[Trial]:
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    with tempfile.TemporaryDirectory(
        prefix="datalab-kernel-", ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        manager = KernelManager(
            kernel_name=directory.name,
            connection_file=str(folder / "connection.json"),
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(directory.parent)]),
        )
        trial = Trial(manager, folder, patience)
        try:
            yield trial
        finally:
            trial.close()


def _is_own(found: kernelspecs.Found) -> bool:
    """Return whether a kernelspec starts the same as this Python's own would."""
    if found.spec is None or found.spec.get("env"):
        return False
    argv = list(found.spec["argv"])
    if kernelspecs.starts_jupyters_python(found):
        argv[0] = kernelspec.make_kernel_cmd()[0]
    return argv == kernelspec.make_kernel_cmd()


def _describe_repairs(answer: dict[str, Any]) -> Iterator[Finding]:
    """Report which repairs of xeus-python are active."""
    if answer.get("status") != "ok":
        text = f"the state of its repairs is unknown: {_error(answer)}"
        yield Finding("warn", text)
        return
    report: dict[str, str | None] = ast.literal_eval(answer["data"]["text/plain"])
    inactive = {name: reason for name, reason in report.items() if reason is not None}
    for name, reason in inactive.items():
        yield Finding("warn", f"the repair {name!r} is not active: {reason}")
    if active := [name for name in report if name not in inactive]:
        yield Finding("ok", f"active repairs: {', '.join(active)}")


def _error(content: dict[str, Any]) -> str:
    return f"{content.get('ename')}: {content.get('evalue')}"
