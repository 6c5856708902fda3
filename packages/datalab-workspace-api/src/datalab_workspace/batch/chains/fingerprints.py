"""The fingerprint of a chain: the same in another session, and for the same code."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datalab_workspace.batch.chains.content_hash import ContentHash
from datalab_workspace.batch.chains.random_use import check_random_use
from datalab_workspace.batch.chains.steps import FeatureStep, FunctionStep, Step
from datalab_workspace.encoding.arrays import data_fingerprint

#: Part of every fingerprint. A change of the rules changes it.
_RULES = "1"
#: The most bytes that a function may take with it to the workers.
MOST_BYTES = 10_000_000


@dataclass(frozen=True)
class Examination:
    """The result of the examination of a chain.

    Attributes:
        fingerprint: See `Chain.fingerprint`.
        modules: The modules of the user from which functions come.
        sizes: The bytes of the variables that the functions use.
        parts: A hash of each function, and of each name that the functions use.
    """

    fingerprint: str
    modules: tuple[str, ...]
    sizes: Mapping[str, int]
    parts: Mapping[str, str]


def examine(
    steps: Sequence[Step], key: str | None, options: Mapping[str, Any]
) -> Examination:
    """Examine a chain, and all that its functions use.

    Args:
        steps: The steps.
        key: A string that stands for the functions; None to use their code.
        options: The options of sigima.

    Raises:
        ValueError: A function uses a workspace, or more than 10 MB, or something that a
            later run cannot recognise.
    """
    features, functions = ContentHash(), ContentHash(strict=key is None)
    features.add((_RULES, dict(options)))
    for step in steps:
        if isinstance(step, FeatureStep):
            _add_feature(features, step)
            continue
        if key is None:
            check_random_use(step.function)
        with functions.part(step.name):
            functions.add(step.function, name=step.name)
            functions.add(dict(step.values))
        features.add("function")
    _check_size(steps, functions.sizes)
    features.add(key if key is not None else functions.digest().hex())
    found = hashlib.sha256(features.digest()).hexdigest()[:32]
    parts = functions.parts if key is None else {}
    return Examination(found, tuple(functions.modules), functions.sizes, parts)


def _add_feature(content: ContentHash, step: FeatureStep) -> None:
    content.add(("feature", step.name, step.given, dict(step.values)))
    if step.second is not None:
        content.add((step.second.kind, data_fingerprint(step.second)))


def _check_size(steps: Sequence[Step], sizes: Mapping[str, int]) -> None:
    total = sum(sizes.values())
    if total > MOST_BYTES:
        names = [step.name for step in steps if isinstance(step, FunctionStep)]
        raise too_large(names[0], total, sizes)


def too_large(function: str, total: int, sizes: Mapping[str, int]) -> ValueError:
    """Return the error for a function that takes too much with it.

    Args:
        function: Its name.
        total: Its bytes, with what it uses.
        sizes: The bytes of the variables that it uses.
    """
    largest = sorted(filter(None, sizes), key=lambda name: -sizes[name])[:3]
    named = [f"{name!r:.80} ({sizes[name] / 1e6:.1f} MB)" for name in largest]
    uses = f": {', '.join(named)}" if named else ""
    return ValueError(
        f"the function {function!r:.80} takes {total / 1e6:.1f} MB with it to each "
        f"worker{uses}; the limit is {MOST_BYTES / 1e6:.0f} MB: save the data and open "
        "the file in the function, or pass a signal or image as with_="
    )
