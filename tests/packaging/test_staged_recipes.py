"""The recipes that are submitted have their maintainers, and name a release."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rattler_build import Stage0Recipe

from support.artefacts import PACKAGES, ROOT

NO_HASH, HASH = "0" * 64, "0123456789abcdef" * 4


class Repository:
    """The parts of this repository that the script reads, and a clone to fill."""

    def __init__(self, root: Path, digest: str = HASH) -> None:
        self.root = root
        for folder in ("packages", "recipes"):
            (root / folder).mkdir(parents=True)
        for script in ROOT.glob("packages/*.py"):
            shutil.copy(script, root / "packages")
        shutil.copytree(ROOT / "recipes" / "conda-forge", root / "recipes/conda-forge")
        for path in root.glob("recipes/*/*/recipe.yaml"):
            text = path.read_text("utf-8")
            path.write_text(text.replace(NO_HASH, digest), encoding="utf-8")
        self.clone = root / "staged-recipes"
        (self.clone / "recipes").mkdir(parents=True)

    def stage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "packages/staged_recipes.py", *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    def staged(self) -> set[str]:
        return {
            path.relative_to(self.clone / "recipes").as_posix()
            for path in self.clone.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def test_each_recipe_is_written_with_its_maintainers(repository: Repository) -> None:
    result = repository.stage("staged-recipes", "--maintainer", "octocat", "mona-lisa")

    assert (result.returncode, result.stderr) == (0, "")
    assert repository.staged() == {f"{name}/recipe.yaml" for name in PACKAGES}
    for name in PACKAGES:
        path = repository.clone / "recipes" / name / "recipe.yaml"
        ours = Stage0Recipe.from_file(ROOT / "recipes/conda-forge" / name / path.name)
        expected = ours.to_dict()
        expected["source"][0]["sha256"] = HASH
        expected["extra"] = {"recipe-maintainers": ["octocat", "mona-lisa"]}
        assert "#" not in path.read_text("utf-8")
        assert Stage0Recipe.from_file(path).to_dict() == expected


def test_a_version_that_is_not_released_is_refused(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", NO_HASH)

    result = repository.stage("staged-recipes", "--maintainer", "octocat")

    assert result.returncode == 1
    assert "is not released: run `hatch run release`" in result.stderr
    assert not repository.staged()


@pytest.mark.parametrize("name", ["", "@octocat", "Mona Lisa", "-a", "a" * 40])
def test_a_name_that_github_does_not_have_is_refused(
    repository: Repository, name: str
) -> None:
    result = repository.stage("staged-recipes", f"--maintainer={name}")

    assert result.returncode == 1
    assert f"{name!r} is not a GitHub name" in result.stderr
    assert not repository.staged()


def test_another_folder_is_refused(repository: Repository) -> None:
    result = repository.stage("packages", "--maintainer", "octocat")

    assert result.returncode == 1
    assert "packages is not a clone of staged-recipes" in result.stderr


def test_nobody_is_no_maintainer(repository: Repository) -> None:
    result = repository.stage("staged-recipes")

    assert result.returncode == 2
    assert "--maintainer" in result.stderr
