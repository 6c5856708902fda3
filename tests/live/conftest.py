"""The real DataLab: its window, and its own reader of project files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Test modules are imported by their file, so that their folder is not on the path.
sys.path.insert(0, str(Path(__file__).parent))

from real_datalab.environment import REQUIREMENTS, missing_library
from real_datalab.exchange import Project
from real_datalab.process import Program


@pytest.fixture(scope="session")
def datalab_files() -> Path:
    """The folder of project files that DataLab itself wrote."""
    return Path(__file__).parents[1] / "data" / "datalab"


@pytest.fixture(scope="session")
def python_of_datalab(
    python_of: Callable[[Path], Path],
    requirement: Callable[[object, str], None],
    system_packages_hint: str,
) -> Path:
    """The interpreter of DataLab's environment."""
    python = python_of(REQUIREMENTS)
    missing = missing_library(python)
    requirement(missing is None, f"{system_packages_hint} ({missing})")
    return python


class DataLabWindow:
    """DataLab's main window, without a screen."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def open(self, path: Path, *, save_to: Path | None = None) -> Project:
        """Open a project, have every object drawn, and save it if asked to.

        Args:
            path: The project file.
            save_to: The file that DataLab is to save the project to.

        Returns:
            What the window holds after opening the file.
        """
        return self._program.look("open", path=str(path), save_to=_text(save_to))

    def perform(
        self, session: str, *, path: Path | None = None, save_to: Path | None = None
    ) -> Project:
        """Do in a project what a user might do.

        Args:
            session: Name of a function of `real_datalab.sessions`.
            path: The project file; None for an empty project.
            save_to: The file that DataLab is to save the project to.

        Returns:
            What the window holds after that.
        """
        return self._program.look(
            "perform", session=session, path=_text(path), save_to=_text(save_to)
        )


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


@pytest.fixture(scope="session")
def datalab_window(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DataLabWindow]:
    """DataLab's main window; each project that it opens replaces the one before."""
    folder = tmp_path_factory.mktemp("window")
    program = Program(python_of_datalab, "real_datalab.window", folder)
    yield DataLabWindow(program)
    program.close()


@pytest.fixture(scope="session")
def native_read(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Path], Project]]:
    """Read project files with DataLab's own reader, without a window."""
    folder = tmp_path_factory.mktemp("reader")
    program = Program(python_of_datalab, "real_datalab.reader", folder)
    yield lambda path: program.look("read", path=str(path))
    program.close()
