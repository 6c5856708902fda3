"""Run a module of a suite on a kernel, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel import kernelspec
from support.environments import SOURCES
from support.peers.suites import Suite

#: The kernel that the suites start: which one it is, the folder of kernelspecs says.
NAME = "python3"
KERNELS = ("ours", "ipykernel")
#: Seconds after which a test, and a module, is given up.
TEST_LIMIT = 60
MODULE_LIMIT = 900
DRIVER = Path(__file__).with_name("inside.py")


@dataclass(frozen=True)
class Peers:
    """The environment of the suites, with a folder of kernelspecs for each kernel."""

    python: Path
    specs: Path

    def write_kernelspecs(self) -> None:
        """Make each kernel the one that Jupyter knows as `python3`."""
        for kernel in KERNELS:
            if kernel == "ours":
                argv = kernelspec.make_kernel_cmd(str(self.python))
            else:
                argv = [
                    *(str(self.python), "-m", "ipykernel_launcher"),
                    *("-f", "{connection_file}"),
                ]
            spec = kernelspec.kernel_dict(env={"PYTHONPATH": SOURCES}) | {"argv": argv}
            kernelspec.write(self.specs / kernel / "kernels" / NAME, spec)

    def passed(
        self, suite: Suite, module: str, kernel: str, work: Path
    ) -> dict[str, bool]:
        """Run a module of a suite on a kernel.

        Args:
            suite: The suite.
            module: The path of the module in the suite's source.
            kernel: One of `KERNELS`.
            work: A folder that does not exist yet, where the suite is copied.

        Returns:
            For each test that was not skipped, whether it passed.
        """
        shutil.copytree(suite.source(self.python), work)
        report = work.with_name(f"{work.name}.xml")
        arguments = _arguments(module, report)
        run = self._run_inside if suite.inside else self._run
        printed = run(kernel, arguments, work)
        assert report.exists(), f"{module} has not been run on {kernel}: {printed}"
        return outcomes(report)

    def _environment(self, kernel: str) -> dict[str, str]:
        return {
            **{n: v for n, v in os.environ.items() if not n.startswith("PYTEST_")},
            "JUPYTER_PATH": str(self.specs / kernel),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def _run(self, kernel: str, arguments: Sequence[str], work: Path) -> str:
        # A failing test is no failure of the run: the report says which they are.
        done = subprocess.run(
            [self.python, "-m", "pytest", *arguments],
            cwd=work,
            env=self._environment(kernel),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MODULE_LIMIT,
            check=False,
        )
        return done.stdout

    def _run_inside(self, kernel: str, arguments: Sequence[str], work: Path) -> str:
        printed: list[str] = []

        def collect(message: dict[str, Any]) -> None:
            content = message["content"]
            printed.append(content.get("text") or content.get("evalue") or "")

        with self._kernel(kernel, work) as client:
            client.execute_interactive(
                f"arguments = {json.dumps(arguments)}\n{DRIVER.read_text('utf-8')}",
                timeout=MODULE_LIMIT,
                output_hook=collect,
                allow_stdin=False,
            )
        return "".join(printed)

    @contextmanager
    def _kernel(self, kernel: str, work: Path) -> Iterator[Any]:
        specs = KernelSpecManager()
        specs.kernel_dirs = [str(self.specs / kernel / "kernels")]
        manager = KernelManager(kernel_name=NAME, kernel_spec_manager=specs)
        manager.start_kernel(
            cwd=str(work),
            env=self._environment(kernel),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            yield client
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.context.destroy(linger=0)


def _arguments(module: str, report: Path) -> list[str]:
    """Return the arguments of pytest: none of those that the suite's project sets."""
    return [
        *(module, f"--junitxml={report}", f"--timeout={TEST_LIMIT}"),
        *("-p", "no:cacheprovider", "-W", "default"),
        *("-o", "addopts=", "-o", "log_cli=false"),
    ]


def outcomes(report: Path) -> dict[str, bool]:
    """Return whether each test of a report passed, but for those that were skipped."""
    found: dict[str, bool] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        if "skipped" in kinds or case.get("classname") is None:
            continue
        test = f"{case.get('classname')}::{case.get('name')}"
        found[test] = found.get(test, True) and not kinds & {"failure", "error"}
    return found
