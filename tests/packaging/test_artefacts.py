"""What is built, and what installing it leaves in an environment."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "datalab-workspace-api": "datalab_workspace",
    "datalab-kernel-core": "datalab_kernel_core",
    "datalab-kernel": "datalab_kernel",
}
KERNELSPEC = "share/jupyter/kernels/datalab-kernel"
KERNELSPEC_FILES = {"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}


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
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(dist)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return Artefacts(next(dist.glob("*.whl")), next(dist.glob("*.tar.gz")))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artefacts]:
    """The artefacts of the three packages, by name."""
    return {
        name: build(ROOT / "packages" / name, tmp_path_factory.mktemp(name))
        for name in PACKAGES
    }


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
def test_a_source_archive_builds_the_same_wheel_elsewhere(
    built: dict[str, Artefacts], name: str, tmp_path: Path
) -> None:
    with tarfile.open(built[name].sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()

    assert build(source, tmp_path / "dist").files() == built[name].files()


IN_BROWSER = {
    "datalab-workspace-api": {"numpy"},
    "datalab-kernel-core": {"datalab-workspace-api", "matplotlib", "ipython"},
    "datalab-kernel": {"datalab-kernel-core"},
}


@pytest.mark.parametrize("name", PACKAGES)
def test_in_a_browser_nothing_is_required_that_it_cannot_have(
    built: dict[str, Artefacts], name: str
) -> None:
    """Not even by the extra `cli`: jupyter-client needs sockets."""
    platform = {"sys_platform": "emscripten", "platform_system": "Emscripten"}
    stated = map(Requirement, built[name].metadata()["Requires-Dist"])

    required = {
        requirement.name
        for requirement in stated
        for extra in ("", "cli")
        if requirement.marker is None
        or requirement.marker.evaluate({**platform, "extra": extra})
    }

    assert required == IN_BROWSER[name]


def test_installing_makes_the_kernel_appear_and_uninstalling_removes_it(
    built: dict[str, Artefacts], tmp_path: Path
) -> None:
    environment = tmp_path / "environment"
    python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"

    def uv(*arguments: str | Path) -> None:
        command = ["uv", *map(str, arguments), "--offline", "--no-config"]
        subprocess.run(command, check=True, capture_output=True)

    uv("venv", "--python", sys.executable, environment)
    uv("pip", "install", "--no-deps", "--python", python, built["datalab-kernel"].wheel)

    spec = environment / KERNELSPEC
    assert {path.name for path in spec.iterdir()} == KERNELSPEC_FILES
    # "python" is what Jupyter replaces by the interpreter it runs on.
    assert json.loads((spec / "kernel.json").read_text())["argv"][0] == "python"

    uv("pip", "uninstall", "--python", python, "datalab-kernel")

    assert not [*spec.glob("*")]
