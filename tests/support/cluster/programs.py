"""The programs of a cluster: a scheduler of dask, and its workers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from distributed import Client

from support.cluster.link import Link, Quality
from support.cluster.machines import Machine, Network

SCHEDULER_PORT, WORKER_PORT = 8786, 9000
#: Seconds that a program may take to start.
START = 60
#: The folder of the tests, whose modules workers import.
TESTS = Path(__file__).parents[2]


@dataclass
class Worker:
    """A worker, and the links between it and the others.

    Attributes:
        links: The link to it, and the one from it to the scheduler.
    """

    machine: Machine
    program: subprocess.Popen[bytes]
    links: tuple[Link, Link]

    def kill(self) -> None:
        """End the worker as a machine does that loses its power."""
        with suppress(ProcessLookupError):
            os.killpg(self.program.pid, signal.SIGKILL)
        self.program.wait()
        self.lose()

    def lose(self) -> None:
        """Break the links of the worker."""
        for link in self.links:
            link.cut()

    def find(self) -> None:
        """Repair the links of the worker."""
        for link in self.links:
            link.restore()


class Cluster:
    """A scheduler and workers on machines of their own, and a folder that they share.

    Args:
        folder: Where they write what they print.
        workers: The number of workers.
        namespaces: Whether the machines are network namespaces.
        quality: How well the links between the machines work.
    """

    def __init__(
        self,
        folder: Path,
        workers: int,
        *,
        namespaces: bool,
        quality: Quality | None = None,
    ) -> None:
        self._folder = folder
        self._opened = ExitStack()
        self.network = Network(workers + 1, namespaces=namespaces, quality=quality)
        self._opened.callback(self.network.close)
        first, *self._free = self.network.machines
        self._scheduler = first.address
        self._start(
            first,
            "distributed.cli.dask_scheduler",
            *("--host", f"tcp://{first.address}:{SCHEDULER_PORT}"),
            *("--no-dashboard", "--no-show"),
        )
        self._await(first, SCHEDULER_PORT)
        self.link = self.network.link((first.address, SCHEDULER_PORT))
        self.workers: list[Worker] = []

    @property
    def address(self) -> str:
        """The address of the scheduler, by the link of the driver."""
        return "tcp://{}:{}".format(*self.link.address)

    def add_worker(
        self,
        *options: str,
        before: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
    ) -> Worker:
        """Start a worker of one thread on the next machine.

        Args:
            options: Further options of `dask worker`.
            before: A command that runs it, such as `prlimit`.
            environment: Environment variables that differ.
        """
        machine = self._free.pop(0)
        to_it = self.network.link((machine.address, WORKER_PORT))
        from_it = self.network.link((self._scheduler, SCHEDULER_PORT))
        program = self._start(
            machine,
            "distributed.cli.dask_worker",
            "tcp://{}:{}".format(*from_it.address),
            *("--listen-address", f"tcp://{machine.address}:{WORKER_PORT}"),
            *("--contact-address", "tcp://{}:{}".format(*to_it.address)),
            *("--nthreads", "1", "--no-dashboard"),
            *("--local-directory", str(self._folder / f"scratch {machine.name}")),
            *options,
            before=before,
            environment=environment,
        )
        self.workers.append(Worker(machine, program, (to_it, from_it)))
        return self.workers[-1]

    def wait_for_workers(self, number: int) -> None:
        """Wait until a number of workers have registered."""
        with Client(self.address, timeout=START) as client:
            client.wait_for_workers(number, timeout=START)

    def _start(
        self,
        machine: Machine,
        module: str,
        *arguments: str,
        before: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a module on a machine; it ends with the cluster."""
        path = self._folder / f"{module.rpartition('_')[2]} {machine.name}.log"
        with path.open("ab") as log:
            program = machine.start(
                *before,
                *(sys.executable, "-m", module, *arguments),
                log=log,
                environment={
                    "PYTHONPATH": str(TESTS),
                    # A connection that is lost must not be waited for.
                    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "10s",
                    **(environment or {}),
                },
            )
        self._opened.callback(self._end, program)
        return program

    def _await(self, machine: Machine, port: int) -> None:
        """Wait until a program listens: a link refuses nobody later than a program."""
        deadline = time.monotonic() + START
        while True:
            try:
                socket.create_connection((machine.address, port), timeout=1).close()
            except OSError:
                if time.monotonic() > deadline:
                    raise TimeoutError(self.printed()) from None
                time.sleep(0.05)
            else:
                return

    def _end(self, program: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()

    def printed(self) -> str:
        """Return what all programs printed."""
        logs = sorted(self._folder.glob("*.log"))
        return "\n".join(f"--- {path.name}\n{path.read_text()}" for path in logs)

    def close(self) -> None:
        """End all programs, and remove the machines."""
        self._opened.close()
