"""The places of the features in the menus of DataLab's window.

`menus.json` has the menus of both panels as DataLab 1.3 shows them, and in each entry
the names of its features. Features without an entry are listed under an empty title. A
test compares the file with the menus of the real window.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datalab_workspace.model.record import Kind

#: Between the titles of a path.
SEPARATOR = " > "


def menu_path(name: str, kind: Kind) -> str:
    """Return the path of a feature in DataLab's menus.

    Args:
        name: Name of the feature.
        kind: The panel that shows the menus.

    Returns:
        The titles, such as ``"Processing > Fourier analysis > FFT"``; "" if DataLab's
        window has no entry for the feature.
    """
    return menu_paths(kind).get(name, "")


def menu_paths(kind: Kind) -> Mapping[str, str]:
    """Return the path in DataLab's menus of each feature that is known to this package.

    The features are known without sigima. `features.features` has those of the sigima
    that is installed.
    """
    return _all_paths()[kind]


def known_names() -> list[str]:
    """Return the names of all features that are known without sigima, sorted."""
    return sorted({name for paths in _all_paths().values() for name in paths})


@functools.cache
def _all_paths() -> Mapping[str, Mapping[str, str]]:
    """Return the paths by kind and name. Nothing is imported for them."""
    menus = json.loads(files(__package__).joinpath("menus.json").read_text("utf-8"))
    return {
        kind: MappingProxyType(dict(_entries(menu, ()))) for kind, menu in menus.items()
    }


def _entries(menu: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(menu, dict):
        for title, content in menu.items():
            yield from _entries(content, (*path, title))
    else:
        for name in [menu] if isinstance(menu, str) else menu:
            yield name, SEPARATOR.join(filter(None, path))
