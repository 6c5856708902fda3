"""What is published of the three packages, built from this clone."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path
from typing import Any, NamedTuple

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
#: The distributions by name, each with the package it installs, dependencies first.
PACKAGES = {
    "datalab-workspace-api": "datalab_workspace",
    "datalab-kernel-core": "datalab_kernel_core",
    "datalab-kernel": "datalab_kernel",
}


class Artefacts(NamedTuple):
    """What is published of a package."""

    wheel: Path
    sdist: Path

    def files(self) -> dict[str, bytes]:
        with zipfile.ZipFile(self.wheel) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def metadata(self) -> dict[str, list[str]]:
        (text,) = (v for k, v in self.files().items() if k.endswith("-info/METADATA"))
        message = message_from_bytes(text)
        return {key: message.get_all(key) or [] for key in message}


def build(source: Path, dist: Path) -> Artefacts:
    """Build the wheel and the source archive of a package into a folder of its own."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(dist)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return Artefacts(next(dist.glob("*.whl")), next(dist.glob("*.tar.gz")))


def pyproject(name: str) -> dict[str, Any]:
    """Return what a package's pyproject.toml says."""
    path = ROOT / "packages" / name / "pyproject.toml"
    return tomllib.loads(path.read_text("utf-8"))
