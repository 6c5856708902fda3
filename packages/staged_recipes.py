"""Copy the recipes to a clone of conda-forge's staged-recipes, for a pull request.

    python packages/staged_recipes.py CLONE --maintainer NAME [NAME …]

NAME is the GitHub name of a person who maintains the packages on conda-forge and has
agreed to it. `recipes/README.md` has all steps.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import release

#: A line that is a comment: conda-forge asks for recipes without any.
COMMENT = re.compile(r"^ *#.*\n", re.MULTILINE)
NO_MAINTAINERS = "  recipe-maintainers: []\n"
#: The hash of a version that `hatch run release` has not released.
UNRELEASED = "0" * 64
GITHUB_NAME = re.compile(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}")


def main(arguments: list[str] | None = None) -> str | None:
    """Run the command; return an error message, or None."""
    parser = argparse.ArgumentParser(
        prog="staged_recipes.py",
        description="Copy the recipes to a clone of conda-forge's staged-recipes.",
    )
    parser.add_argument("clone", type=Path, help="the folder of the clone")
    parser.add_argument(
        "--maintainer",
        nargs="+",
        required=True,
        metavar="NAME",
        help="GitHub names of the people who maintain the packages there",
    )
    options = parser.parse_args(arguments)
    try:
        for path in stage(options.clone, options.maintainer):
            print(path)
    except ValueError as error:
        return f"staged_recipes.py: {error}"
    return None


def stage(clone: Path, maintainers: list[str]) -> list[Path]:
    """Write each recipe with its maintainers; return the paths.

    Args:
        clone: The folder of a clone of staged-recipes.
        maintainers: GitHub names.

    Raises:
        ValueError: If the folder is not such a clone, a name cannot be one of GitHub,
            or the recipes name a version that is not released. Nothing is written.
    """
    folder = clone / "recipes"
    if not folder.is_dir():
        raise ValueError(f"{clone} is not a clone of staged-recipes: no folder recipes")
    for name in maintainers:
        if not GITHUB_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a GitHub name such as 'octocat'")
    recipes = release.recipes()
    texts = [_with(path.read_text("utf-8"), maintainers) for path in recipes]
    staged = [folder / path.parent.name / path.name for path in recipes]
    for path, text in zip(staged, texts, strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return staged


def _with(recipe: str, maintainers: list[str]) -> str:
    if UNRELEASED in release.RECIPE_HASH.findall(recipe):
        (version,) = release.RECIPE_VERSION.findall(recipe)
        raise ValueError(
            f"{version} is not released: run `hatch run release` and publish it first"
        )
    names = "".join(f"    - {name}\n" for name in maintainers)
    recipe = recipe.replace(NO_MAINTAINERS, f"  recipe-maintainers:\n{names}")
    return COMMENT.sub("", recipe)


if __name__ == "__main__":
    sys.exit(main())
