"""Check whether the kernel starts and works, and suggest a remedy if it does not.

The checks change nothing. Imports that may fail, or end the process, are tried in
separate processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalab_kernel.doctor import (
    addon,
    desktop,
    environment,
    frontends,
    kernelspecs,
    trial,
)
from datalab_kernel.doctor.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "interpreter": environment.check_interpreter,
    "packages": environment.check_packages,
    "kernelspecs": kernelspecs.check,
    "front ends": frontends.check,
    "DataLab": desktop.check,
    "add-on": addon.check,
    "recovery": environment.check_recovery,
    "kernel": trial.check,
}


def examine() -> Iterator[tuple[str, Finding]]:
    """Yield the findings of each check with the check's name, one by one."""
    for name, check in CHECKS.items():
        for finding in _run(check):
            yield name, finding


def _run(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001  # the other checks must still run
        text = f"this check itself failed: {type(error).__name__}: {error}"
        yield Finding("error", text)
