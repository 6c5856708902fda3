"""The limit of the length of a history.

A loop may make more steps than anyone can read. The oldest steps are replaced by one
step that has their number. Histories that share them end there, too.
"""

from __future__ import annotations

from datalab_workspace.history.steps import Step, Unknown, closure

#: The reason of a step that replaces earlier ones.
FOLDED = "earlier steps were not kept"
#: The steps of a chain that are kept.
MOST = 10_000
#: The depth of the history of an input, such as a background, that is always kept.
_SHALLOW = 16


def bounded(step: Step) -> Step:
    """Return a new step, after folding the oldest ones before it if they are many.

    Folding takes as long as there are steps, and is needed after each 2,500.
    """
    if step.depth > MOST + MOST // 4:
        _fold(step, step.depth - MOST)
    return step


def _fold(latest: Step, oldest: int) -> None:
    """Replace the steps up to a depth."""
    folded: dict[int, tuple[Step, Step]] = {}
    for step in closure(latest):
        if step.depth > oldest:
            step.inputs = tuple([_kept(each, oldest, folded) for each in step.inputs])
    kept = closure(latest)
    for step in kept:
        step.depth = 1 + max((each.depth for each in step.inputs), default=0)
    present = {id(step) for step in kept}
    for before, standing in folded.values():
        gone = [step for step in closure(before) if id(step) not in present]
        count = sum(_count(step) for step in gone)
        standing.action = Unknown(FOLDED, count)


def _kept(step: Step, oldest: int, folded: dict[int, tuple[Step, Step]]) -> Step:
    """Return an input, or what stands for it and all before it."""
    if step.depth > oldest or step.depth <= _SHALLOW:
        return step
    if id(step) not in folded:
        standing = Step(Unknown(FOLDED), stored=step.stored)
        folded[id(step)] = step, standing
    return folded[id(step)][1]


def _count(step: Step) -> int:
    """Return the number of steps that a step stands for."""
    return (isinstance(step.action, Unknown) and step.action.folded) or 1
