"""Find features by names, menu titles, descriptions, parameters and everyday words."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from datalab_workspace.error_messages import close_matches
from datalab_workspace.model.record import KINDS, Kind
from datalab_workspace.processing.everyday_words import FEATURES_BY_WORD
from datalab_workspace.processing.feature_table import (
    FeatureInfo,
    FeatureTable,
    feature_info,
    kinds_of,
)
from datalab_workspace.processing.features import features
from datalab_workspace.processing.menus import menu_paths
from datalab_workspace.runtime import require
from datalab_workspace.validation import one_of

_WORD = re.compile(r"[^\W_]+")
_ENDINGS = ("ing", "es", "ed", "s", "e")
#: The shortest stem that is left of a word.
_STEM = 3
#: The shortest word that is looked for inside of words.
_INSIDE = 4
#: Words in most descriptions, which distinguish nothing.
_KIND_WORDS = frozenset(("image", "images", "signal", "signals"))


def features_table(kind: Kind | None, search: str | None) -> FeatureTable:
    """See `Workspace.features`."""
    if kind is not None:
        one_of(kind, "kind", KINDS)
    if not (search is None or isinstance(search, str)):
        raise TypeError(f"expected a string for search, got {type(search).__name__}")
    require("sigima", "features()")
    kinds = KINDS if kind is None else (kind,)
    infos = _all(kinds)
    if search is None or not _words(search):
        return FeatureTable(infos)
    found = _ranked(search, infos, thorough=True)
    return FeatureTable(found or _ranked(search, infos, thorough=True, every=False))


def suggestions(
    name: str, kinds: tuple[Kind, ...], limit: int = 3, *, alike: bool = True
) -> list[str]:
    """Return the features that a user may mean by an unknown name.

    Args:
        name: The name that the user wrote.
        kinds: The kinds of objects for which the feature may be.
        limit: The maximum number of results.
        alike: Whether features that are spelt alike are looked for at last.

    Returns:
        The names of the features: those that contain the words, or that everyday
        words mean; if there are none, those that are spelt alike.
    """
    infos = _all(kinds)
    found = [info.name for info in _ranked(name, infos, thorough=False)]
    if not found and alike:
        found = close_matches(name, [info.name for info in infos], limit)
    if not found:
        some = _ranked(name, infos, thorough=False, every=False)
        found = [info.name for info in some]
    return found[:limit]


@functools.cache
def _all(kinds: tuple[Kind, ...]) -> tuple[FeatureInfo, ...]:
    """Return the descriptions of all features, in the order of DataLab's menus."""
    names = (
        name
        for kind in kinds
        for name in sorted(features(kind), key=_place(kind).__getitem__)
    )
    return tuple(
        feature_info(name, tuple(kind for kind in kinds_of(name) if kind in kinds))
        for name in dict.fromkeys(names)
    )


def _place(kind: Kind) -> dict[str, int]:
    """Return the position of each feature in the menus; those without one are last."""
    known = {name: number for number, name in enumerate(menu_paths(kind))}
    return {name: known.get(name, len(known)) for name in features(kind)}


def _ranked(
    query: str, infos: Iterable[FeatureInfo], *, thorough: bool, every: bool = True
) -> list[FeatureInfo]:
    """Return the features that match the words of a query, the best matches first.

    Args:
        query: The words.
        infos: The features to search.
        thorough: Whether descriptions and parameters are searched as well.
        every: Whether every word has to match, not only one.
    """
    words = _words(query)
    matches = all if every else any
    scores = {}
    for info in infos:
        each = [_score(word, info, thorough=thorough) for word in words]
        phrase = _score("-".join(words), info, thorough=False)
        if phrase or matches(each):
            exact = 1000 * (info.name == "_".join(words))
            scores[info] = max(phrase, sum(each)) + exact
    return sorted(scores, key=scores.__getitem__, reverse=True)


def _score(word: str, info: FeatureInfo, *, thorough: bool) -> int:
    """Return the weight of a match between a word and a feature; 0 without one."""
    stems = _stems(word)
    parts = info.name.split("_")
    meant = (FEATURES_BY_WORD.get(stem, ()) for stem in stems)
    scores = [400 - 10 * m.index(info.name) for m in meant if info.name in m]
    if not stems.isdisjoint(parts):
        # A short name has little in it but the word.
        scores.append(300 - 10 * len(parts))
    elif _begins(stems, parts):
        scores.append(200 - len(info.name))
    elif len(word) >= _INSIDE and word in info.name:
        scores.append(150 - len(info.name))
    if _begins(stems, _words(info.menu)):
        scores.append(100)
    if thorough and _begins(stems, _words(" ".join((info.does, *info.parameters)))):
        scores.append(20)
    return max(scores, default=0)


def _begins(stems: frozenset[str], words: Iterable[str]) -> bool:
    """Return whether one of the words begins with a stem."""
    beginnings = tuple(stems)
    return any(one.startswith(beginnings) for one in words if one not in _KIND_WORDS)


def _words(query: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(query)]


@functools.lru_cache
def _stems(word: str) -> frozenset[str]:
    """Return a word, and its stems without an ending."""
    stems = {word}
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _STEM:
            stems |= {stem, f"{stem}e"}
    return frozenset(stems)
