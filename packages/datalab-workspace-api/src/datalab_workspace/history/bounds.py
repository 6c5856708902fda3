"""The bound of a history: a loop may make more steps than anybody can read.

The oldest steps are replaced by one that says how many they were. Histories that share
them end there, too.
"""

from __future__ import annotations

from datalab_workspace.history.steps import Step, Unknown, closure

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
    folded: dict[int, Step] = {}
    for step in closure(latest):
        if step.depth > oldest:
            step.inputs = tuple([_kept(each, oldest, folded) for each in step.inputs])
    # In a second pass, because the first one compares depths.
    for step in closure(latest):
        step.depth = 1 + max((each.depth for each in step.inputs), default=0)


def _kept(step: Step, oldest: int, folded: dict[int, Step]) -> Step:
    """Return an input, or what stands for it and all before it."""
    if step.depth > oldest or step.depth <= _SHALLOW:
        return step
    if id(step) not in folded:
        before = closure(step)
        earlier = [s.action.folded for s in before if isinstance(s.action, Unknown)]
        unknown = Unknown("earlier steps were not kept", len(before) + sum(earlier))
        folded[id(step)] = Step(unknown, stored=step.stored)
    return folded[id(step)]
