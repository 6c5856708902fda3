"""What other interpreters say about themselves."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATIENCE = 120.0  # longer than any import takes, in seconds


class Unanswered(Exception):  # noqa: N818  # to find out is what we are here for
    """A process did not answer; says why, in one line."""


def ask(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Any:
    """Run a command, in an empty folder; return the JSON of its last line.

    Args:
        command: The command and its arguments.
        env: Its environment; by default this process's.

    Raises:
        Unanswered: If it cannot be started, fails, crashes, hangs or prints no JSON.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(  # noqa: S603  # what Jupyter itself would run
                command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Unanswered(f"no answer within {PATIENCE:.0f} s") from error
        except OSError as error:
            raise Unanswered(str(error)) from error
    if done.returncode:
        raise Unanswered(_last_line(done.stderr) or _how_it_ended(done.returncode))
    try:
        return json.loads(_last_line(done.stdout))
    except ValueError as error:
        raise Unanswered("it did not answer as a Python does") from error


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def _how_it_ended(code: int) -> str:
    if code > 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"
