"""DataLab's environment with Jupyter and our packages beside it, as users have it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("datalab_jupyter.txt")
_PACKAGES = Path(__file__).parents[3] / "packages"


@contextmanager
def with_our_packages(python: Path) -> Iterator[Path]:
    """Install our packages, as they are now, in a copy of an environment.

    The copy shares its files with the environment, which stays as it is: installers
    and Python replace files, and change none in its place.

    Args:
        python: The environment's interpreter.

    Yields:
        The interpreter of the copy.
    """
    environment = python.parents[1]
    folder = Path(tempfile.mkdtemp(prefix="with-ours-", dir=environment.parent))
    try:
        copy = folder / "environment"
        shutil.copytree(environment, copy, symlinks=True, copy_function=os.link)
        for package in sorted(path.parent for path in _PACKAGES.glob("*/src")):
            build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
            _run([*build, "-d", str(folder)], cwd=package)
        its_own = copy / python.relative_to(environment)
        install = ("uv", "pip", "install", "--offline", "--no-deps", "--python")
        wheels = map(str, folder.glob("*.whl"))
        _run([sys.executable, "-m", *install, str(its_own), *wheels])
        yield its_own
    finally:
        shutil.rmtree(folder)


def _run(command: list[str], cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
