"""The three packages are released together, under one version."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.artefacts import PACKAGES, ROOT

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

SIBLINGS = {
    "datalab-workspace-api": set(),
    "datalab-kernel-core": {"datalab-workspace-api"},
    "datalab-kernel": {"datalab-kernel-core"},
}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A copy of the packages' folder, and of the page with the version, to rewrite."""
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "protocol.md", tmp_path / "docs")
    return Path(
        shutil.copytree(
            ROOT / "packages",
            tmp_path / "packages",
            ignore=shutil.ignore_patterns("__pycache__", "dist"),
        )
    )


def run(packages: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(packages / "version.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def versions(packages: Path) -> dict[str, str]:
    return {
        name: re.findall(
            r'__version__ = "(.+)"',
            (packages / name / "src" / module / "_version.py").read_text("utf-8"),
        )[0]
        for name, module in PACKAGES.items()
    }


def pins(packages: Path, name: str) -> dict[str, str]:
    project = tomllib.loads((packages / name / "pyproject.toml").read_text("utf-8"))
    requirements = project["project"]["dependencies"]
    return dict(r.split("==") for r in requirements if r.startswith("datalab-"))


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_has_the_common_version_and_pins_its_siblings(name: str) -> None:
    common = run(ROOT / "packages").stdout.strip()

    assert versions(ROOT / "packages")[name] == common
    assert pins(ROOT / "packages", name) == dict.fromkeys(SIBLINGS[name], common)


@pytest.mark.parametrize("module", PACKAGES.values())
def test_the_imported_package_tells_the_common_version(module: str) -> None:
    expected = run(ROOT / "packages").stdout.strip()

    assert importlib.import_module(module).__version__ == expected


def test_no_other_page_or_recipe_has_a_version_that_a_release_would_leave() -> None:
    common = run(ROOT / "packages").stdout.strip()
    released = {ROOT / "docs" / "protocol.md", ROOT / "docs" / "changelog.md"}
    pages = [
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("*.md"),
        *(ROOT / "packages").glob("*/README.md"),
        *(ROOT / "recipes").glob("*.md"),
        *(ROOT / ".github").rglob("*.md"),
    ]
    number = re.compile(rf"(?<![\d.]){re.escape(common)}(?![\d.]*\d)")

    found = [page for page in pages if number.search(page.read_text("utf-8"))]

    assert {*found} <= released


def test_setting_the_version_rewrites_every_package_and_pin(packages: Path) -> None:
    result = run(packages, "0.9.0rc1")

    assert (result.returncode, result.stdout) == (0, "0.9.0rc1\n")
    assert set(versions(packages).values()) == {"0.9.0rc1"}
    for name in PACKAGES:
        assert pins(packages, name) == dict.fromkeys(SIBLINGS[name], "0.9.0rc1")
    page = packages.parent / "docs" / "protocol.md"
    assert '"companion": "0.9.0rc1"' in page.read_text("utf-8")


def test_setting_the_version_changes_nothing_else(packages: Path) -> None:
    root = packages.parent
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    old = run(packages).stdout.strip()

    run(packages, "9.9.9")
    run(packages, old)

    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize("version", ["", "1", "0.4", "v0.4.1", "0.4.1 ", '0.4.1"'])
def test_what_is_no_version_is_refused_and_nothing_is_written(
    packages: Path, version: str
) -> None:
    before = versions(packages)

    result = run(packages, version)

    assert result.returncode == 1
    assert "is not a version" in result.stderr
    assert versions(packages) == before


def test_versions_that_differ_are_reported_by_file(packages: Path) -> None:
    path = packages / "datalab-kernel" / "src" / "datalab_kernel" / "_version.py"
    path.write_text('__version__ = "0.0.1"\n', encoding="utf-8")

    result = run(packages)

    assert result.returncode == 1
    assert f"{path}: 0.0.1" in result.stderr
