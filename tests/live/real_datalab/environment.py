"""The environment that DataLab runs in: made once, then kept between runs.

DataLab has an environment of its own on purpose: what we write is read by the
application that its users have, not by what happens to be installed for the tests.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
_PYTHON = Path("Scripts/python.exe" if os.name == "nt" else "bin/python")
# In it: what a missing system library looks like, in the words of the dynamic loader
# and in those of Qt.
_MISSING_LIBRARY = ("cannot open shared object file", "Qt platform plugin")
_PROBE = "from PyQt5.QtWidgets import QApplication; QApplication([])"


class InstallationError(RuntimeError):
    """DataLab's environment could not be made."""


def datalab_python(cache: Path) -> Path:
    """Return the Python of DataLab's environment, which is made if it is not there.

    Args:
        cache: Folder that keeps environments between runs. Processes that want the
            same one at the same time wait for the one that makes it.

    Returns:
        Path of the interpreter.

    Raises:
        InstallationError: It could not be made; says what the installer said.
    """
    environment = place(cache)
    if not environment.exists():
        with _locked(cache / f"{environment.name}.lock"):
            if not environment.exists():
                _make(environment)
    return environment / _PYTHON


def place(cache: Path) -> Path:
    """Return the folder of DataLab's environment, whether it is there or not."""
    return cache / f"datalab-{_fingerprint()}"


def missing_library(python: Path) -> str | None:
    """Return what Qt says if a system library is missing that it needs, else None."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    probe = subprocess.run(
        [python, "-I", "-c", _PROBE],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if probe.returncode == 0:
        return None
    said = probe.stderr.strip()
    if any(sign in said for sign in _MISSING_LIBRARY):
        return said.splitlines()[-1]
    raise InstallationError(f"Qt does not start in {python.parents[1]}: {said}")


def _fingerprint() -> str:
    """Tell environments apart that were made of other things."""
    made_of = (
        REQUIREMENTS.read_text("utf-8"),
        sys.version,
        sys.platform,
        platform.machine(),
        sys.base_prefix,
    )
    return hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:16]


def _make(environment: Path) -> None:
    """Make an environment beside its place, and move it there when it is whole."""
    draft = Path(
        tempfile.mkdtemp(prefix=f"{environment.name}-", dir=environment.parent)
    )
    try:
        for command in _commands(draft):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                last = "\n".join((done.stderr or done.stdout).splitlines()[-20:])
                raise InstallationError(
                    f"cannot make the environment of {REQUIREMENTS}: "
                    f"{' '.join(map(str, command))} failed: {last}"
                )
        # The interpreter finds its environment by its own place, so that it can be
        # moved; installed scripts could not, but are not used.
        draft.rename(environment)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _commands(draft: Path) -> Iterator[list[str | Path]]:
    requirements: list[str | Path] = ["-r", REQUIREMENTS]
    if importlib.util.find_spec("uv") is not None:
        uv = [sys.executable, "-m", "uv"]
    elif (found := shutil.which("uv")) is not None:
        uv = [found]
    else:
        yield [sys.executable, "-m", "venv", draft]
        yield [draft / _PYTHON, "-m", "pip", "install", "--quiet", *requirements]
        return
    yield [*uv, "venv", "--clear", "--python", sys.executable, draft]
    yield [*uv, "pip", "install", "--python", draft / _PYTHON, *requirements]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:
        # Without a lock each process makes one, and the first to finish wins.
        yield
        return
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
