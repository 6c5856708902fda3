"""The fingerprint of a chain: the same in another session, and for the same code."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from datalab_workspace.batch.contents import Contents
from datalab_workspace.batch.steps import FeatureStep, Step
from datalab_workspace.encoding.arrays import data_fingerprint

#: Part of every fingerprint. A change of the rules changes it.
_RULES = "1"


def fingerprint_of(steps: Sequence[Step], key: str | None) -> str:
    """Return the fingerprint of a chain; see `Chain.fingerprint`.

    Args:
        steps: The steps.
        key: A string that stands for the functions; None to examine their code.
    """
    contents = Contents()
    contents.add(_RULES)
    for step in steps:
        contents.add(type(step).__name__)
        if isinstance(step, FeatureStep):
            contents.add((step.name, step.kind, step.given, dict(step.values)))
            if step.second is not None:
                contents.add((step.second.kind, data_fingerprint(step.second)))
        elif key is None:
            contents.add(step.function, name=step.name)
            contents.add(dict(step.values))
    if key is not None:
        contents.add(("key", key))
    return hashlib.sha256(contents.digest()).hexdigest()[:32]
