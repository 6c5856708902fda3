"""Environments that tests need beside their own: made once, then kept between runs."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: A PYTHONPATH with our own packages, which no environment holds: they change.
SOURCES = os.pathsep.join(
    map(str, sorted((Path(__file__).parents[2] / "packages").glob("*/src")))
)
_PYTHON = Path("Scripts/python.exe" if os.name == "nt" else "bin/python")


class InstallationError(RuntimeError):
    """An environment could not be made."""


def python_with(
    requirements: Path, cache: Path, *options: str, base: str = sys.executable
) -> Path:
    """Return the Python of an environment, which is made if it is not there.

    Args:
        requirements: What to install; a requirements file.
        cache: Folder that keeps environments between runs. Processes that want the
            same one at the same time wait for the one that makes it.
        options: Of the installer, beside the requirements.
        base: The Python to make it from.

    Returns:
        Path of the interpreter.

    Raises:
        InstallationError: It could not be made; says what the installer said.
    """
    made_from = () if base == sys.executable else (base,)
    environment = place(requirements, cache, *options, *made_from)
    made(environment, lambda draft: _install(draft, requirements, options, base))
    return environment / _PYTHON


def packages(requirements: Path, cache: Path) -> Path:
    """Return a folder for a PYTHONPATH with some packages, not with what they need.

    Args:
        requirements: What to install; a requirements file.
        cache: Folder that keeps it between runs, as for `python_with`.

    Raises:
        InstallationError: It could not be made; says what the installer said.
    """

    def make(draft: Path) -> None:
        uv = _uv()
        installer = [*uv, "pip"] if uv else [sys.executable, "-m", "pip"]
        command = [*installer, "install", "--quiet", "--no-deps", "--target", draft]
        run([*command, "-r", requirements], f"cannot install {requirements}")

    return made(place(requirements, cache, "packages"), make)


def made(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return a folder that is kept between runs, made if it is not there.

    Args:
        folder: The folder; its name is to contain a hash of what it is made from.
        make: Fills an empty folder, which is moved to its place once it is whole.
            Processes that want the same one wait for the one that makes it.
    """
    if not folder.exists():
        with _locked(folder.with_name(f"{folder.name}.lock")):
            if not folder.exists():
                _make(folder, make)
    return folder


def place(requirements: Path, cache: Path, *options: str) -> Path:
    """Return the folder of an environment, whether it is there or not."""
    return cache / f"{requirements.stem}-{_fingerprint(requirements, options)}"


def _fingerprint(requirements: Path, options: Sequence[str]) -> str:
    """Tell environments apart that were made of other things."""
    made_of = (
        requirements.read_text("utf-8"),
        sys.version,
        sys.platform,
        platform.machine(),
        sys.base_prefix,
        *options,
    )
    return hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:16]


def _make(folder: Path, make: Callable[[Path], None]) -> None:
    """Make a folder beside its place, and move it there when it is whole."""
    draft = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    try:
        make(draft)
        # The interpreter of an environment finds it by its own place, so that it can
        # be moved; installed scripts could not, but are not used.
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _install(
    draft: Path, requirements: Path, options: Sequence[str], base: str
) -> None:
    for command in _commands(draft, ["-r", requirements, *options], base):
        run(command, f"cannot make the environment of {requirements}")


def run(command: Sequence[str | Path], failure: str, **options: Any) -> str:
    """Run a command and return what it printed.

    Raises:
        InstallationError: It failed; says what it said last.
    """
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).splitlines()[-20:])
        raise InstallationError(
            f"{failure}: {' '.join(map(str, command))} failed: {last}"
        )
    return done.stdout


def _commands(
    draft: Path, wanted: Sequence[str | Path], base: str
) -> Iterator[list[str | Path]]:
    uv = _uv()
    if not uv:
        yield [base, "-m", "venv", draft]
        yield [draft / _PYTHON, "-m", "pip", "install", "--quiet", *wanted]
        return
    yield [*uv, "venv", "--clear", "--python", base, draft]
    yield [*uv, "pip", "install", "--python", draft / _PYTHON, *wanted]


def _uv() -> list[str]:
    """Return the command of uv, or an empty list."""
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    return [] if found is None else [found]


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
