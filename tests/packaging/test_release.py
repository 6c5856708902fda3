"""A release is one commit and one tag; a rehearsal of it changes nothing."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.artefacts import PACKAGES, ROOT, build

VERSION = "9.8.7"
DATE = "2031-02-03"
TEXT = """# Changelog

## 9.8.7 (unreleased)

- New.

## 9.8.6 (2030-01-01)

- Old.
"""
IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "Someone"), ("EMAIL", "someone@example.org"))
}
IGNORED = shutil.ignore_patterns("__pycache__", "dist")


class Clone:
    """A repository with what a release reads and writes, under version control."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changelog = root / "docs" / "changelog.md"
        for folder in ("packages", "recipes"):
            shutil.copytree(ROOT / folder, root / folder, ignore=IGNORED)
        self.changelog.parent.mkdir()
        shutil.copy(ROOT / "docs" / "protocol.md", self.changelog.parent)
        self.changelog.write_text(TEXT, encoding="utf-8")
        (root / ".gitignore").write_text("__pycache__/\ndist/\n", encoding="utf-8")
        self.git("init", "--quiet")
        self.commit()

    def git(self, *arguments: str) -> str:
        return self.run("git", *arguments).stdout.rstrip()

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Start")

    def release(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        script = str(self.root / "packages" / "release.py")
        return self.run(sys.executable, script, *arguments, check=False)

    def run(
        self, *command: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.root,
            env={**os.environ, **IDENTITY, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=check,
        )

    def recipe(self, name: str) -> str:
        path = self.root / "recipes" / "conda-forge" / name / "recipe.yaml"
        return path.read_text("utf-8")

    def state(self) -> tuple[str, ...]:
        """Everything that a release would change."""
        return (
            self.git("rev-parse", "HEAD"),
            self.git("tag"),
            self.git("status", "--porcelain", "--ignored"),
        )


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "clone")


def test_a_release_is_one_commit_with_its_tag(clone: Clone) -> None:
    start = clone.git("rev-parse", "HEAD")

    result = clone.release("--date", DATE)

    assert (result.returncode, result.stderr) == (0, "")
    assert clone.git("rev-parse", f"v{VERSION}^{{commit}}", "HEAD~1").split() == [
        clone.git("rev-parse", "HEAD"),
        start,
    ]
    assert clone.git("cat-file", "-t", f"v{VERSION}") == "tag"
    assert clone.git("status", "--porcelain") == ""


def test_a_release_sets_version_and_date(clone: Clone) -> None:
    clone.release("--date", DATE)

    version = clone.run(sys.executable, "packages/version.py").stdout.strip()
    assert version == VERSION
    assert clone.changelog.read_text("utf-8") == TEXT.replace("unreleased", DATE)


def test_the_recipes_name_the_archives_that_are_built_of_the_release(
    clone: Clone, tmp_path: Path
) -> None:
    clone.release("--date", DATE)

    for name in PACKAGES:
        sdist = build(clone.root / "packages" / name, tmp_path / name).sdist
        digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
        assert f'\n  version: "{VERSION}"\n' in clone.recipe(name)
        assert f"\n  sha256: {digest}\n" in clone.recipe(name)


def test_a_release_touches_nothing_else(clone: Clone) -> None:
    clone.release("--date", DATE)

    changed = clone.git("show", "--format=", "--name-only").splitlines()
    assert sorted(changed) == sorted(
        [
            "docs/changelog.md",
            "docs/protocol.md",
            *(f"recipes/conda-forge/{name}/recipe.yaml" for name in PACKAGES),
            *(f"packages/{n}/src/{m}/_version.py" for n, m in PACKAGES.items()),
            # The two that pin another one.
            "packages/datalab-kernel-core/pyproject.toml",
            "packages/datalab-kernel/pyproject.toml",
        ]
    )
    removed = re.findall("^-(?!--)", clone.git("show", "--format="), re.MULTILINE)
    # A changelog heading, an example, three recipes, three versions, two pins and three
    # in extras.
    assert len(removed) == 1 + 1 + 3 * 2 + 3 + 5


def test_another_version_can_be_named(clone: Clone) -> None:
    clone.release("9.9.0rc1", "--date", DATE)

    assert clone.git("tag") == "v9.9.0rc1"
    assert f"## 9.9.0rc1 ({DATE})" in clone.changelog.read_text("utf-8")


def test_a_rehearsal_shows_the_commit_and_changes_nothing(clone: Clone) -> None:
    before = clone.state()

    result = clone.release("--dry-run", "--date", DATE)

    assert (result.returncode, result.stderr) == (0, "")
    assert f"+## {VERSION} ({DATE})" in result.stdout
    assert result.stdout.count(f'+__version__ = "{VERSION}"') == len(PACKAGES)
    assert len(re.findall(r"\+  sha256: [0-9a-f]{64}", result.stdout)) == len(PACKAGES)
    assert clone.state() == before


@pytest.mark.parametrize("rehearsal", [[], ["--dry-run"]])
def test_what_is_not_committed_is_not_released(
    clone: Clone, rehearsal: list[str]
) -> None:
    stray = clone.root / "packages" / "datalab-kernel" / "src" / "stray.py"
    stray.touch()
    before = clone.state()

    result = clone.release(*rehearsal)

    assert result.returncode == 1
    assert "stray.py" in result.stderr
    assert clone.state() == before


def test_a_version_is_released_once(clone: Clone) -> None:
    clone.git("tag", f"v{VERSION}")
    before = clone.state()

    result = clone.release()

    assert result.returncode == 1
    assert f"v{VERSION} is released already" in result.stderr
    assert clone.state() == before


@pytest.mark.parametrize("text", ["", TEXT + "## 9.8.5 (unreleased)\n"])
def test_the_changelog_must_say_what_is_unreleased(clone: Clone, text: str) -> None:
    clone.changelog.write_text(text, encoding="utf-8")
    clone.commit()
    before = clone.state()

    result = clone.release(VERSION)

    assert result.returncode == 1
    assert f"{clone.changelog} has" in result.stderr
    assert clone.state() == before


def test_a_release_that_fails_leaves_the_clone_as_it_was(clone: Clone) -> None:
    project = clone.root / "packages" / "datalab-workspace-api" / "pyproject.toml"
    text = project.read_text("utf-8")
    project.write_text(text.replace('"README.md"', '"MISSING.md"'), encoding="utf-8")
    clone.commit()
    before = clone.state()

    result = clone.release()

    assert result.returncode == 1
    assert "MISSING.md" in result.stderr
    assert clone.state() == before


def test_a_tag_that_cannot_be_made_takes_its_commit_back(clone: Clone) -> None:
    clone.git("config", "tag.gpgSign", "true")
    clone.git("config", "gpg.program", sys.executable)
    before = clone.state()

    result = clone.release()

    assert result.returncode == 1
    assert "git tag" in result.stderr
    assert clone.state() == before


def test_what_is_no_version_is_refused(clone: Clone) -> None:
    before = clone.state()

    result = clone.release("next")

    assert result.returncode == 1
    assert "'next' is not a version" in result.stderr
    assert clone.state() == before


def test_archives_are_checked_against_the_recipes(clone: Clone, tmp_path: Path) -> None:
    clone.release("--date", DATE)
    dist = tmp_path / "dist"
    dist.mkdir()
    archives = [
        Path(shutil.copy(sdist, dist))
        for name in PACKAGES
        for sdist in [build(clone.root / "packages" / name, tmp_path / name).sdist]
    ]
    assert clone.release("--check", str(dist)).returncode == 0

    archives[0].write_bytes(b"another")
    archives[1].unlink()
    result = clone.release("--check", str(dist))

    assert result.returncode == 1
    assert f"{archives[0]} has the hash" in result.stderr
    assert f"{archives[1]} is missing" in result.stderr
    assert str(archives[2]) not in result.stderr
