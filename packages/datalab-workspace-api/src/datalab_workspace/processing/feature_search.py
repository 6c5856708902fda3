"""Find features by names, menu titles, descriptions, parameters and everyday words."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from datalab_workspace.errors import close_matches
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

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_ENDINGS = ("ing", "es", "ed", "s", "e")
#: The shortest stem that is left of a word.
_STEM = 3


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
    return FeatureTable(_ranked(search, infos, thorough=True))


def suggestions(
    name: str, kinds: tuple[Kind, ...], limit: int = 3, *, alike: bool = True
) -> list[str]:
    """Return the features that a user may mean by a name that is none.

    Args:
        name: What the user wrote.
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
    query: str, infos: Iterable[FeatureInfo], *, thorough: bool
) -> list[FeatureInfo]:
    """Return the features that match all words of a query, the best matches first.

    Args:
        query: The words.
        infos: The features to search.
        thorough: Whether descriptions and parameters are searched as well.
    """
    whole = "_".join(_words(query))
    scores = {}
    for info in infos:
        each = [_score(word, info, thorough=thorough) for word in _words(query)]
        phrase = _score(whole.replace("_", "-"), info, thorough=False)
        score = max(phrase, sum(each) if all(each) else 0)
        if score:
            scores[info] = score + (info.name == whole) * 1000
    return sorted(scores, key=scores.__getitem__, reverse=True)


def _score(word: str, info: FeatureInfo, *, thorough: bool) -> int:
    """Return how well a word fits a feature; 0 if it does not."""
    stems = _stems(word)
    parts = info.name.split("_")
    if not stems.isdisjoint(parts):
        # A short name has little in it but the word.
        return 300 - 10 * len(parts)
    for stem in stems:
        meant = FEATURES_BY_WORD.get(stem, ())
        if info.name in meant:
            return 400 - 10 * meant.index(info.name)
    if any(stem in info.name for stem in stems):
        return 200 - len(info.name)
    if any(stem in info.menu.casefold() for stem in stems):
        return 100
    if thorough:
        texts = " ".join((info.does, info.takes, info.gives, *info.parameters))
        return 20 * any(stem in texts.casefold() for stem in stems)
    return 0


def _words(query: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(query)]


@functools.lru_cache
def _stems(word: str) -> frozenset[str]:
    """Return a word, and what is left of it without an ending."""
    stems = {word}
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _STEM:
            stems.add(stem)
    return frozenset(stems)
