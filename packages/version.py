"""Show or set the version that the three packages share.

    python packages/version.py          prints it
    python packages/version.py 0.4.1    rewrites the packages, their sibling pins
                                        and the example in the page of the protocol

A test checks that they agree.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PACKAGES = Path(__file__).parent
PROTOCOL = PACKAGES.parent / "docs" / "protocol.md"
EXAMPLE = re.compile(r'"companion": "([^"]+)"')
VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
RELEASE = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?(\.dev\d+)?")


def main(arguments: list[str]) -> str | None:
    """Run the command; return an error message, or None."""
    if len(arguments) > 1:
        return f"usage: version.py [VERSION], not {' '.join(arguments)!r}"
    try:
        if arguments:
            write(arguments[0])
        print(current())
    except ValueError as error:
        return f"version.py: {error}"
    return None


def current() -> str:
    """Return the version, which every package, pin and example must agree on.

    Raises:
        ValueError: If they do not.
    """
    found = {path: VERSION.findall(path.read_text("utf-8")) for path in _sources()}
    found |= {path: _pins().findall(path.read_text("utf-8")) for path in _projects()}
    found[PROTOCOL] = EXAMPLE.findall(PROTOCOL.read_text("utf-8"))
    versions: set[str] = {version for texts in found.values() for version in texts}
    if len(versions) != 1:
        listing = "\n".join(f"  {path}: {', '.join(v)}" for path, v in found.items())
        raise ValueError(f"the versions differ:\n{listing}")
    return versions.pop()


def write(version: str) -> None:
    """Set the version of every package, of the siblings it needs, and of the example.

    Raises:
        ValueError: If it is not a version.
    """
    if not RELEASE.fullmatch(version):
        raise ValueError(f"{version!r} is not a version such as 0.4.1 or 0.5.0rc1")
    for path in _sources():
        _substitute(path, VERSION, version)
    for path in _projects():
        _substitute(path, _pins(), version)
    _substitute(PROTOCOL, EXAMPLE, version)


def _sources() -> list[Path]:
    return sorted(PACKAGES.glob("*/src/*/_version.py"))


def _projects() -> list[Path]:
    return sorted(PACKAGES.glob("*/pyproject.toml"))


def _pins() -> re.Pattern[str]:
    siblings = "|".join(re.escape(path.parent.name) for path in _projects())
    return re.compile(rf'"(?:{siblings})(?:\[\w+\])?==([^"]+)"')


def _substitute(path: Path, pattern: re.Pattern[str], version: str) -> None:
    def with_version(match: re.Match[str]) -> str:
        start, end = (position - match.start() for position in match.span(1))
        return match[0][:start] + version + match[0][end:]

    path.write_text(pattern.sub(with_version, path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
