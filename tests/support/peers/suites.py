"""The suites that are run, and their sources: fetched once, then kept between runs."""

from __future__ import annotations

import hashlib
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from support.environments import InstallationError, made, run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Suite:
    """The tests of a project's release; `suites.toml` says what each field means."""

    name: str
    release: str
    sha256: str
    modules: dict[str, int]
    short: list[str] = field(default_factory=list)
    inside: bool = False

    def source(self, python: Path) -> Path:
        """Return the folder of the sdist's files, which is fetched if it is not there.

        Args:
            python: The interpreter of the environment of the peers, which has pip.

        Raises:
            InstallationError: It could not be fetched, or is not the one expected.
        """
        cache = python.parents[2]
        place = cache / f"{self.name}-{self.release}-{self.sha256[:16]}"
        (source,) = made(place, lambda draft: self._fetch(python, draft)).iterdir()
        return source

    def _fetch(self, python: Path, draft: Path) -> None:
        wanted = f"{self.name}=={self.release}"
        with tempfile.TemporaryDirectory() as folder:
            run(
                [
                    *(python, "-m", "pip", "download", "--quiet", "--no-deps"),
                    *("--no-binary", self.name, "--dest", folder, wanted),
                ],
                f"cannot fetch the sdist of {wanted}",
            )
            (archive,) = Path(folder).glob("*.tar.gz")
            found = hashlib.sha256(archive.read_bytes()).hexdigest()
            if found != self.sha256:
                raise InstallationError(
                    f"{archive.name} has the SHA-256 {found}, not {self.sha256}"
                )
            with tarfile.open(archive) as packed:
                packed.extractall(draft, filter="data")


def read_suites(path: Path) -> list[Suite]:
    """Read the suites that a file lists."""
    return [Suite(**row) for row in tomllib.loads(path.read_text("utf-8"))["suite"]]


class Difference(NamedTuple):
    """A test that passes on ipykernel and not on ours."""

    suite: str
    test: str
    reason: str
    sometimes: bool


def read_differences(path: Path) -> list[Difference]:
    """Read the tests that ours is known to fail, with their reasons."""
    rows = tomllib.loads(path.read_text("utf-8")).get("difference", [])
    return [
        Difference(row["suite"], test, row["reason"], row.get("sometimes", False))
        for row in rows
        for test in row["tests"]
    ]
