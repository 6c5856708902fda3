"""Commands that run in a process of their own and return JSON."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT = 120.0  # in seconds; every import is faster


class Unanswered(Exception):  # noqa: N818  # it becomes a finding, not an error
    """A process did not answer; the message is the reason, in one line."""


def ask(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Any:
    """Run a command in an empty folder; return the JSON value in its last line.

    Args:
        command: The command and its arguments.
        env: Its environment; by default that of this process.

    Raises:
        Unanswered: If it cannot start, fails, crashes, hangs or prints no JSON.
    """
    done = run(command, env=env)
    try:
        return json.loads(_last_line(done.stdout))
    except ValueError as error:
        raise Unanswered("its answer is not that of a Python") from error


def run(
    command: Sequence[str], *, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in an empty folder; return what it printed.

    Args:
        command: The command and its arguments.
        env: Its environment; by default that of this process.

    Raises:
        Unanswered: If it cannot start, fails, crashes or hangs.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(  # noqa: S603  # Jupyter would run it too
                command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Unanswered(f"no answer within {TIMEOUT:.0f} s") from error
        except OSError as error:
            raise Unanswered(str(error)) from error
    if done.returncode:
        raise Unanswered(_last_line(done.stderr) or _how_it_ended(done.returncode))
    return done


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def _how_it_ended(code: int) -> str:
    if code > 0:
        return f"it ended with exit code {code}"
    try:
        return f"{signal.Signals(-code).name} ended it"
    except ValueError:
        return f"signal {-code} ended it"
