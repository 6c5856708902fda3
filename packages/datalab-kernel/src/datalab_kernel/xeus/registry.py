"""Install the repairs, and report which are active and why others are not.

A repair changes parts of xeus-python that are not part of its public interface. Each
repair therefore checks that these parts exist before it changes anything. If they do
not, the kernel runs without the repair, and `datalab-kernel doctor` reports that.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from xeus_python_shell.shell import XPythonShell

log = logging.getLogger(__name__)

# By name of the repair: the reason why it is not active, or None if it is.
_reasons: dict[str, str | None] = {}


class NotApplicable(Exception):  # noqa: N818  # nothing went wrong
    """A repair does not find what it repairs; it has changed nothing."""


def install(shell: XPythonShell, repairs: Iterable[ModuleType]) -> None:
    """Install repairs, each of which is a module with a function `install(shell)`.

    A repair that fails is reported on standard error, and the kernel starts without it.
    """
    for repair in repairs:
        name = repair.__name__.rpartition(".")[2]
        try:
            repair.install(shell)
        except NotApplicable as reason:
            mark_inactive(name, str(reason))
        except Exception as error:
            mark_inactive(name, f"{type(error).__name__}: {error}")
            log.exception("the repair %r failed: the kernel starts without it", name)
        else:
            _reasons.setdefault(name, None)


def mark_inactive(name: str, reason: str) -> None:
    """Record that a repair is not active; it may find that out after installation."""
    _reasons[name] = reason


def report() -> dict[str, str | None]:
    """Return, for each repair, the reason why it is not active, or None if it is."""
    return dict(_reasons)
