"""The conda recipes say what the packages say, and build where no channel is needed.

A recipe names a release that is published. Until the next one, its version and what it
pins may differ from those of this clone; nothing else may.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from rattler_build import (
    BuildError,
    EnvironmentIsolation,
    Package,
    RecipeParseError,
    Stage0Recipe,
    VariantConfig,
)

from support.artefacts import PACKAGES, ROOT, Artefacts, pyproject

RECIPES = ROOT / "recipes" / "conda-forge"

# What conda-forge calls otherwise than PyPI.
CONDA_NAMES = {
    "jupyter-client": "jupyter_client",
    "matplotlib": "matplotlib-base",  # its `matplotlib` brings Qt
}
# Bounds that differ: earlier programs of conda-forge have not been tested.
CONDA_BOUNDS = {"xeus-python": ">=0.19", "xeus-python-shell": ">=0.7"}
# conda knows no extras: these come with the package.
EXTRAS = {"datalab-kernel": ["cli"]}
# Those of conda-forge, where the oldest Python is set for all.
VARIANTS = VariantConfig.from_yaml("python_min: ['3.10']")


def recipe(name: str) -> Stage0Recipe:
    return Stage0Recipe.from_file(RECIPES / name / "recipe.yaml")


def rendered(name: str) -> dict[str, Any]:
    (variant,) = recipe(name).render(VARIANTS)
    return variant.recipe.to_dict()


def in_conda(requirements: list[str], version: str = "") -> set[str]:
    """Return requirements as the recipes of a version write them."""
    texts = set()
    for requirement in map(Requirement, requirements):
        marker, name = requirement.marker, requirement.name
        if marker is None or marker.evaluate({"sys_platform": "linux"}):
            bound = CONDA_BOUNDS.get(name, requirement.specifier)
            bound = f"=={version}" if name in PACKAGES else bound
            texts.add(f"{CONDA_NAMES.get(name, name)} {bound}")
    return texts


def offline(name: str, sdist: Path) -> dict[str, Any]:
    """A recipe that builds from an archive here what conda-forge builds from PyPI's.

    What needs a channel is left out: the Python and the tools of the build, which are
    those of the tests, and the tests that install the package.
    """
    content = recipe(name).to_dict()
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    content["source"] = [{"url": sdist.as_uri(), "sha256": digest}]
    content["requirements"] = {"run": content["requirements"]["run"]}
    python = shlex.quote(sys.executable)
    content["build"]["script"] = (
        f"{python} -m uv pip install . --offline --no-deps --no-build-isolation "
        f"--python {python} --prefix $PREFIX"
    )
    content["tests"] = [t for t in content["tests"] if "package_contents" in t]
    return content


def build(content: dict[str, Any], folder: Path) -> Package:
    (result,) = Stage0Recipe.from_dict(content).run_build(
        VARIANTS,
        channels=[],
        output_dir=folder,
        env_isolation=EnvironmentIsolation.NONE,
    )
    return Package.from_file(result.packages[0])


def test_there_is_a_recipe_for_each_package() -> None:
    assert {path.parent.name for path in RECIPES.glob("*/recipe.yaml")} == {*PACKAGES}


def test_the_recipes_name_one_release() -> None:
    assert len({rendered(name)["package"]["version"] for name in PACKAGES}) == 1


@pytest.mark.parametrize("name", PACKAGES)
def test_a_recipe_is_of_the_archive_that_pypi_has(name: str) -> None:
    content = rendered(name)
    (source,) = content["source"]
    archive = f"{name.replace('-', '_')}-{content['package']['version']}.tar.gz"

    assert content["package"]["name"] == name
    assert source["url"] == f"https://pypi.org/packages/source/d/{name}/{archive}"
    assert re.fullmatch("[0-9a-f]{64}", source["sha256"])


@pytest.mark.parametrize("name", PACKAGES)
def test_a_recipe_requires_what_the_package_requires(name: str) -> None:
    content, project = rendered(name), pyproject(name)["project"]
    extras = [project["optional-dependencies"][extra] for extra in EXTRAS.get(name, [])]
    requirements = sum(extras, project["dependencies"])

    assert set(content["requirements"]["run"]) == {
        f"python {project['requires-python']}",
        *in_conda(requirements, content["package"]["version"]),
    }


@pytest.mark.parametrize("name", PACKAGES)
def test_a_recipe_constrains_what_the_extras_require(name: str) -> None:
    content, project = rendered(name), pyproject(name)["project"]
    extras = itertools.chain(*project["optional-dependencies"].values())
    others = [r for r in extras if Requirement(r).name not in PACKAGES]

    assert {*content["requirements"].get("run_constraints", [])} == in_conda(others) - {
        *content["requirements"]["run"]
    }


@pytest.mark.parametrize("name", PACKAGES)
def test_a_recipe_leaves_the_maintainers_to_whoever_submits_it(name: str) -> None:
    text = (RECIPES / name / "recipe.yaml").read_text("utf-8")

    assert text.endswith("\nextra:\n  recipe-maintainers: []\n")


@pytest.mark.parametrize("name", PACKAGES)
def test_a_recipe_builds_with_what_the_package_builds_with(name: str) -> None:
    tools = pyproject(name)["build-system"]["requires"]

    required = set(rendered(name)["requirements"]["host"])

    assert required == {"python 3.10.*", "pip", *in_conda(tools)}


@pytest.mark.parametrize("name", PACKAGES)
def test_a_recipe_tells_of_the_package_what_its_metadata_tells(name: str) -> None:
    content, project = rendered(name), pyproject(name)["project"]
    scripts = [f"{k} = {v}" for k, v in project.get("scripts", {}).items()]

    assert content["build"]["noarch"] == "python"
    assert content["build"].get("python", {}).get("entry_points", []) == scripts
    assert content["about"]["summary"] == project["description"]
    assert content["about"]["license"] == project["license"]
    assert content["about"]["license_file"] == project["license-files"]
    assert content["about"]["homepage"] == project["urls"]["Homepage"]


@pytest.mark.parametrize(("name", "module"), PACKAGES.items())
def test_a_recipe_tests_the_import_and_the_command_line(name: str, module: str) -> None:
    tests = rendered(name)["tests"]

    assert [test["python"]["imports"] for test in tests if "python" in test] == [
        [module]
    ]
    assert [test for test in tests if "script" in test]


def test_the_workflow_of_the_program_installs_what_the_recipes_require() -> None:
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
    installed = re.findall(r'^ +"(\S+)"$', text, re.MULTILINE)
    required = {
        run for name in PACKAGES for run in rendered(name)["requirements"]["run"]
    }
    others = {run for run in required if run.split()[0] not in {"python", *PACKAGES}}

    assert sorted(installed) == sorted(run.replace(" ", "") for run in others)


@pytest.mark.parametrize(("name", "module"), PACKAGES.items())
def test_a_recipe_builds_what_the_wheel_installs(
    built: dict[str, Artefacts], tmp_path: Path, name: str, module: str
) -> None:
    package = build(offline(name, built[name].sdist), tmp_path)

    expected = {
        re.sub(r"^[^/]+\.data/data/", "", path)
        if ".data/" in path
        else f"site-packages/{path}"
        for path in built[name].files()
        if ".dist-info/" not in path
    }
    # Its lock is the installer's that stands in for pip here.
    contained = {path for path in package.files if ".dist-info/" not in path}
    assert contained - {".lock"} == expected
    assert package.noarch == "python"
    assert set(package.depends) == set(rendered(name)["requirements"]["run"])


def test_an_archive_that_is_another_than_the_recipe_names_is_refused(
    built: dict[str, Artefacts], tmp_path: Path
) -> None:
    name = "datalab-workspace-api"
    content = offline(name, built[name].sdist)
    content["source"][0]["sha256"] = "0" * 64

    with pytest.raises(BuildError, match="sha256 checksum"):
        build(content, tmp_path)


def test_a_field_that_recipes_do_not_have_is_refused(tmp_path: Path) -> None:
    text = (RECIPES / "datalab-kernel" / "recipe.yaml").read_text("utf-8")

    with pytest.raises(RecipeParseError, match="noarchh"):
        Stage0Recipe.from_yaml(text.replace("noarch:", "noarchh:"))
