"""The oldest releases that the packages say they run on are releases they run on.

`hatch run lowest` installs them, or of those that have no wheel for this Python the
oldest that has one, and runs the tests of the workspace and of the namespace there.
What the kernel does on the oldest xeus-python is tested in tests/kernel.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from support.artefacts import PACKAGES, ROOT, pyproject
from support.environments import SOURCES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

OLDEST = ("--resolution", "lowest-direct", "--only-binary", ":all:")
EXTRAS = ("batch", "cli", "dask", "interactive")
# What the tests need beside the packages' own requirements.
TOOLS = (
    "hypothesis>=6.100",
    "ipykernel>=6.29",
    "ipympl>=0.9.4",
    "nbclient>=0.10",
    "nbformat>=5.10",
    "packaging>=24.0",
    "pandas>=2.0",
    "psutil>=5.9",
    "pytest>=8.2",
    "pytest-timeout>=2.3",
    "pytest-xdist>=3.8",
    "tomli>=2.0; python_version < '3.11'",
)
TESTS = ("tests/workspace", "tests/core")
# What is of the run that runs them, and of its environment.
INHERITED = (
    "VIRTUAL_ENV",
    "PYTEST_ADDOPTS",
    "PYTEST_CURRENT_TEST",
    "PYTEST_XDIST_WORKER",
    "PYTEST_XDIST_WORKER_COUNT",
)
# What needs more than the oldest, and why that is no reason to ask for more.
SIGIMA = "of features and checks that sigima 1.3 brought"
NEWER = {
    "tests/workspace/test_processing.py": {
        "test_every_feature[signal-clip]": SIGIMA,
        "test_every_feature[image-clip]": SIGIMA,
        "test_all_of_datalab_1_3_are_there": SIGIMA,
        "test_a_wrong_value_is_told_with_what_is_allowed"
        "[resize-values2-ValueError-a number greater than 0]": SIGIMA,
        "test_parameters_that_contradict_each_other_are_told": SIGIMA,
        "test_signals_on_other_x_are_interpolated_with_a_warning": SIGIMA,
        "test_detection_creates_regions_in_its_object": SIGIMA,
    },
    "tests/core/test_several.py": {
        "test_images_are_side_by_side_and_below_what_was_named_before": (
            "reads a title in a way that Matplotlib 3.8 brought"
        ),
    },
    "tests/core/test_plot_memory.py": {
        "test_a_plot_that_is_gone_leaves_no_object": (
            "Matplotlib 3.6 itself keeps what it worked a layout out with"
        ),
    },
    "tests/core/test_explore.py": {
        "test_a_figure_shows_more_pixels_where_it_is_zoomed": (
            "compares the extent of a picture as a list, a tuple in old Matplotlib"
        ),
    },
    "tests/core/test_submodules.py": {
        "test_it_works_at_first_touch": (
            "makes warnings errors; NumPy before 1.26 warns of itself on Python 3.10"
        ),
    },
}

# Compares pictures that were made with the Matplotlib and the sigima of today.
PICTURES = "tests/core/test_references.py"


def bounds() -> Iterator[Requirement]:
    """What the packages require of others, also by the extras that users ask for."""
    for name in PACKAGES:
        project = pyproject(name)["project"]
        extras = project.get("optional-dependencies", {})
        asked = [text for extra in EXTRAS for text in extras.get(extra, [])]
        for requirement in map(Requirement, [*project["dependencies"], *asked]):
            if requirement.name not in PACKAGES:
                requirement.marker = None  # those of a browser are not meant
                yield requirement


@pytest.fixture(scope="module")
def oldest(
    python_of: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The Python of an environment with the oldest releases."""
    requirements = tmp_path_factory.mktemp("requirements") / "lowest.txt"
    lines = [*map(str, bounds()), *TOOLS]
    requirements.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return python_of(requirements, *OLDEST)


def installed(python: Path, name: str) -> Version:
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    run = subprocess.run([python, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return Version(run.stdout.strip())


def test_every_requirement_names_its_oldest_release() -> None:
    unbounded = [r.name for r in bounds() if not str(r.specifier).startswith(">=")]

    assert unbounded == []


def test_they_are_the_oldest_that_have_wheels(oldest: Path) -> None:
    """In the series of each bound; NumPy's has no wheel for Python 3.11."""
    asked = {r.name: Version(str(r.specifier).lstrip(">=")) for r in bounds()}

    got = {name: installed(oldest, name) for name in asked}

    in_series = {name: version.release[:2] for name, version in got.items()}
    for name, bound in asked.items():
        assert got[name] >= bound
        if name != "numpy":
            assert in_series[name] == (*bound.release, 0)[:2]


def test_the_packages_run_on_them(oldest: Path) -> None:
    newer = [f"{path}::{test}" for path, tests in NEWER.items() for test in tests]
    deselected = [f"--deselect={test}" for test in newer]
    command = [oldest, "-m", "pytest", *TESTS, *deselected, f"--ignore={PICTURES}"]
    command += ["-m", "not slow", "-n", "2", "-q", "--tb=short"]
    # What old releases warn of, or are warned of themselves, is no finding.
    command += ["-W", "ignore", "-o", "filterwarnings=", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": SOURCES}
    for variable in INHERITED:
        environment.pop(variable, None)

    run = subprocess.run(command, cwd=ROOT, env=environment)

    assert run.returncode == 0
