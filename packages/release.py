"""Prepare a release: version, changelog, recipes, then a commit and a tag of them.

    python packages/release.py                   the version that is "(unreleased)"
    python packages/release.py 0.5.0rc1          another one
    python packages/release.py --dry-run         shows the commit, and changes nothing
    python packages/release.py --check dist      whether archives are the recipes'

Nothing is pushed: `git push --follow-tags` publishes the release.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import version as versions

ROOT = versions.PACKAGES.parent
CHANGELOG = ROOT / "docs" / "changelog.md"
RECIPES = ROOT / "recipes" / "conda-forge"

HEADING = re.compile(r"^## (\S+) \(unreleased\)$", re.MULTILINE)
RECIPE_VERSION = re.compile(r'^  version: "([^"]+)"$', re.MULTILINE)
RECIPE_HASH = re.compile(r"^  sha256: ([0-9a-f]{64})$", re.MULTILINE)


def main(arguments: list[str] | None = None) -> str | None:
    """Run the command; return an error message, or None."""
    options = _parser().parse_args(arguments)
    try:
        if options.check is not None:
            check(options.check)
            return None
        version = options.version or unreleased()
        if options.dry_run:
            print(rehearse(version, options.date))
        else:
            release(version, options.date)
            print(f"v{version} is committed and tagged; publish it by")
            print("    git push --follow-tags")
    except ValueError as error:
        return f"release.py: {error}"
    return None


def unreleased() -> str:
    """Return the version that the changelog says is not released.

    Raises:
        ValueError: If it does not name exactly one.
    """
    found = HEADING.findall(CHANGELOG.read_text("utf-8"))
    if len(found) != 1:
        raise ValueError(
            f"{CHANGELOG} has {len(found)} headings such as '## 0.4.1 (unreleased)': "
            "a release needs one that lists the changes"
        )
    return str(found[0])


def release(version: str, date: datetime.date) -> None:
    """Write, commit and tag a version.

    Raises:
        ValueError: The clone has changes or that tag, `version` is not a version, or
            git or a build fails. The clone is as it was before.
    """
    unreleased()
    _refuse_changes()
    tag = f"v{version}"
    if _git("tag", "--list", tag):
        raise ValueError(f"{tag} is released already: name another version")
    start = _git("rev-parse", "HEAD")
    try:
        write(version, date)
        _git("commit", "--all", "--message", f"Release {version}")
        _git("tag", "--annotate", "--message", f"Release {version}", tag)
    except ValueError:
        _git("reset", "--quiet", "--hard", start)  # nothing is lost: it had no changes
        raise


def write(version: str, date: datetime.date) -> None:
    """Set a version in the packages, the changelog and the recipes, with its hashes.

    Raises:
        ValueError: It is not a version, or a package cannot be built.
    """
    versions.write(version)
    heading = f"## {version} ({date.isoformat()})"
    CHANGELOG.write_text(HEADING.sub(heading, CHANGELOG.read_text("utf-8")), "utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for recipe in recipes():
            archive = _source_archive(recipe.parent.name, version, Path(folder))
            text = recipe.read_text("utf-8")
            text = RECIPE_VERSION.sub(f'  version: "{version}"', text)
            text = RECIPE_HASH.sub(f"  sha256: {_hash_of(archive)}", text)
            recipe.write_text(text, "utf-8")


def rehearse(version: str, date: datetime.date) -> str:
    """Release in a copy of the clone; return the commit as git shows it.

    Raises:
        ValueError: If the release would fail.
    """
    _refuse_changes()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "clone"
        _git("clone", "--quiet", str(ROOT), str(copy))
        script = copy / Path(__file__).relative_to(ROOT)
        _run([sys.executable, str(script), version, "--date", date.isoformat()], copy)
        return _run(["git", "show", "--no-color", f"v{version}"], copy)


def check(folder: Path) -> None:
    """Compare the source archives in a folder with the hashes in the recipes.

    Raises:
        ValueError: If one is missing or is another; names all of them.
    """
    wrong = []
    for recipe in recipes():
        text = recipe.read_text("utf-8")
        (version,) = RECIPE_VERSION.findall(text)
        (expected,) = RECIPE_HASH.findall(text)
        archive = folder / _archive_name(recipe.parent.name, version)
        if not archive.is_file():
            wrong.append(f"{archive} is missing")
        elif _hash_of(archive) != expected:
            wrong.append(f"{archive} has the hash {_hash_of(archive)}, not {expected}")
    if wrong:
        raise ValueError("\n".join(["these are not the recipes' archives:", *wrong]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="release.py",
        description="Prepare a release: version, changelog, recipes, commit and tag.",
    )
    parser.add_argument(
        "version",
        nargs="?",
        help="such as 0.4.1; by default the unreleased version of the changelog",
    )
    parser.add_argument(
        "--date",
        type=datetime.date.fromisoformat,
        default=datetime.datetime.now(datetime.timezone.utc).date(),
        help="YYYY-MM-DD; by default today's, in UTC",
    )
    alone = parser.add_mutually_exclusive_group()
    alone.add_argument("--dry-run", action="store_true", help="only show the commit")
    alone.add_argument(
        "--check",
        type=Path,
        metavar="DIST",
        help="only compare the source archives in a folder with the recipes",
    )
    return parser


def _refuse_changes() -> None:
    if changed := _git("status", "--porcelain"):
        raise ValueError(f"commit or remove these changes first:\n{changed}")


def recipes() -> list[Path]:
    """Return the paths of the recipes for conda-forge."""
    return sorted(RECIPES.glob("*/recipe.yaml"))


def _source_archive(name: str, version: str, folder: Path) -> Path:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder]
    _run([str(argument) for argument in build], versions.PACKAGES / name)
    return folder / _archive_name(name, version)


def _archive_name(name: str, version: str) -> str:
    return f"{name.replace('-', '_')}-{version}.tar.gz"


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _git(*arguments: str) -> str:
    return _run(["git", *arguments], ROOT)


def _run(command: list[str], folder: Path) -> str:
    """Run a command; return its output.

    Raises:
        ValueError: The command fails; the error has its output.
    """
    done = subprocess.run(  # noqa: S603 - no shell; the commands are those above
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise ValueError(f"{' '.join(command)} failed: {said}")
    return done.stdout.rstrip()


if __name__ == "__main__":
    sys.exit(main())
