"""Which repairs stand, and which stand aside and why.

A repair touches what xeus-python does not promise to keep. Each looks for what it
touches before it changes anything; where that is not there, the kernel runs without
the repair, and `datalab-kernel doctor` says so.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from xeus_python_shell.shell import XPythonShell

log = logging.getLogger(__name__)

_standing: dict[str, str | None] = {}


class NotApplicable(Exception):  # noqa: N818  # nothing went wrong
    """A repair does not find what it would repair; nothing has been changed."""


def install(shell: XPythonShell, repairs: Iterable[ModuleType]) -> None:
    """Install repairs, each a module with an `install(shell)`, as far as possible.

    One that fails is reported on standard error, and the kernel starts without it.
    """
    for repair in repairs:
        name = repair.__name__.rpartition(".")[2]
        try:
            repair.install(shell)
        except NotApplicable as reason:
            stand_aside(name, str(reason))
        except Exception as error:
            stand_aside(name, f"{type(error).__name__}: {error}")
            log.exception("the repair %r failed: the kernel starts without it", name)
        else:
            _standing.setdefault(name, None)


def stand_aside(name: str, reason: str) -> None:
    """Note that a repair is not in force, possibly found out only later."""
    _standing[name] = reason


def report() -> dict[str, str | None]:
    """Return, for each repair of this kernel, why it is not in force, or None."""
    return dict(_standing)
