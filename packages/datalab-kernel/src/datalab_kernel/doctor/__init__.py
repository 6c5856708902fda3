"""Whether the kernel will start and work, and what to do if not.

Nothing is changed by looking. What may not be importable, or may end the process that
imports it, is tried in processes of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalab_kernel.doctor import (
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
    "kernel": trial.check,
}


def examine() -> Iterator[tuple[str, Finding]]:
    """Give what each check finds, with the check's name, as it is found."""
    for name, check in CHECKS.items():
        for finding in _to_its_end(check):
            yield name, finding


def _to_its_end(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001  # what the others find is wanted too
        text = f"this check failed itself: {type(error).__name__}: {error}"
        yield Finding("error", text)
