"""What is built, and what installing it leaves in an environment."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from support.artefacts import PACKAGES, Artefacts, build

# What check-wheel-contents finds in the kernel's, and is meant: the kernelspec is there
# twice (W002; what is installed, and what others are written from), and the plugin of
# DataLab is a module of its own (W009).
WANTED = {"datalab-kernel": ["W002", "W009"]}


@pytest.mark.parametrize(("name", "module"), PACKAGES.items())
def test_a_wheel_holds_one_typed_package_and_its_license(
    built: dict[str, Artefacts], name: str, module: str
) -> None:
    files = built[name].files()

    assert f"{module}/__init__.py" in files
    assert f"{module}/py.typed" in files
    assert any(path.endswith(".dist-info/licenses/LICENSE") for path in files)
    roots = {path.split("/")[0] for path in files}
    # DataLab finds its plugins among the top-level modules.
    plugin = {"datalab_kernel_plugin.py"} if name == "datalab-kernel" else set()
    own = {root for root in roots if not root.endswith((".dist-info", ".data"))}
    assert own == {module} | plugin


@pytest.mark.parametrize("name", PACKAGES)
def test_the_metadata_tells_what_an_index_shows(
    built: dict[str, Artefacts], name: str
) -> None:
    fields = built[name].metadata()

    assert fields["Name"] == [name]
    assert fields["License-Expression"] == ["BSD-3-Clause"]
    assert fields["Requires-Python"] == [">=3.10"]
    assert fields["Description-Content-Type"] == ["text/markdown"]
    assert fields["Summary"]
    assert fields["Keywords"]
    assert len(fields["Project-URL"]) == 3


@pytest.mark.parametrize("name", PACKAGES)
def test_an_index_takes_what_is_built(built: dict[str, Artefacts], name: str) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", *built[name]]
    check = subprocess.run(command, capture_output=True, text=True)

    assert check.returncode == 0, check.stdout


@pytest.mark.parametrize("name", PACKAGES)
def test_a_wheel_holds_nothing_that_is_not_for_users(
    built: dict[str, Artefacts], name: str
) -> None:
    """No caches, tests at the top, modules in two places or files by mistake."""
    options = [f"--ignore={','.join(WANTED[name])}"] if name in WANTED else []
    command = [sys.executable, "-m", "check_wheel_contents", *options]
    check = subprocess.run(
        [*command, built[name].wheel], cwd="/", capture_output=True, text=True
    )

    assert check.returncode == 0, check.stdout


@pytest.mark.parametrize("name", PACKAGES)
def test_a_source_archive_builds_the_same_wheel_elsewhere(
    built: dict[str, Artefacts], name: str, tmp_path: Path
) -> None:
    with tarfile.open(built[name].sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()

    assert build(source, tmp_path / "dist").files() == built[name].files()


EXTRAS = {
    "datalab-workspace-api": {"batch", "dask", "testing"},
    "datalab-kernel-core": {"interactive"},
    "datalab-kernel": {"batch", "cli", "dask", "interactive"},
}


def added_by(extra: str, artefacts: Artefacts) -> set[str]:
    """Return the requirements that an extra adds, without their markers."""
    added = set()
    for requirement in map(Requirement, artefacts.metadata()["Requires-Dist"]):
        marker = requirement.marker
        if marker and marker.evaluate({"extra": extra}) != marker.evaluate():
            requirement.marker = None
            added.add(str(requirement))
    return added


@pytest.mark.parametrize("name", PACKAGES)
def test_the_extra_all_brings_every_other_extra(
    built: dict[str, Artefacts], name: str
) -> None:
    offered = {*built[name].metadata()["Provides-Extra"]}

    assert offered == {*EXTRAS[name], "all"}
    assert added_by("all", built[name]) == {
        requirement
        for extra in EXTRAS[name]
        for requirement in added_by(extra, built[name])
    }


@pytest.mark.parametrize(
    ("extra", "package"),
    [
        ("interactive", "datalab-kernel-core"),
        ("batch", "datalab-workspace-api"),
        ("dask", "datalab-workspace-api"),
    ],
)
def test_the_kernel_passes_on_the_extras_of_the_packages_below(
    built: dict[str, Artefacts], extra: str, package: str
) -> None:
    (requirement,) = map(Requirement, added_by(extra, built["datalab-kernel"]))

    assert requirement.name == package
    assert requirement.extras == {extra}


def test_a_cluster_needs_what_one_machine_needs(built: dict[str, Artefacts]) -> None:
    artefacts = built["datalab-workspace-api"]

    assert added_by("batch", artefacts) < added_by("dask", artefacts)


IN_BROWSER = {
    "datalab-workspace-api": {"numpy"},
    "datalab-kernel-core": {"datalab-workspace-api", "matplotlib", "ipython"},
    "datalab-kernel": {"datalab-kernel-core", "datalab-workspace-api"},
}


@pytest.mark.parametrize("name", PACKAGES)
def test_in_a_browser_nothing_is_required_that_it_cannot_have(
    built: dict[str, Artefacts], name: str
) -> None:
    """Not even by extras: jupyter-client needs sockets, loky and dask processes."""
    platform = {"sys_platform": "emscripten", "platform_system": "Emscripten"}
    stated = map(Requirement, built[name].metadata()["Requires-Dist"])

    required = {
        requirement.name
        for requirement in stated
        for extra in ("", "batch", "cli", "dask")
        if requirement.marker is None
        or requirement.marker.evaluate({**platform, "extra": extra})
    }

    assert required == IN_BROWSER[name]
