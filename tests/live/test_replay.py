"""Replays of objects that are in a running DataLab."""

from __future__ import annotations

import numpy as np
import pytest

import datalab_workspace as dlw

# The first of them may have to make the environment of DataLab.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
X = np.linspace(0.0, 1.0, 200)


@pytest.fixture
def workspace(companion_datalab):
    """A workspace that is attached to a DataLab with a companion."""
    companion = companion_datalab.companion
    return dlw.connect(companion.url, companion.token)


def test_calls_of_the_notebook_are_replayed_and_recomputed(workspace):
    workspace.add("raw", (X, np.sin(9 * X)))
    smooth = workspace.calc("moving_average", on="raw", n=7)
    final = workspace.calc("normalize", on=smooth)
    found = workspace.replay(final)
    assert (found.verdict, found.steps, found.inputs) == ("identical", 2, ("raw",))
    assert workspace.stale() == {}
    workspace["raw"] = (X, np.cos(4 * X))
    assert [*workspace.stale()] == [smooth, final]
    uuid = workspace.describe(final).uuid
    assert workspace.recompute(final) == [smooth, final]
    assert workspace.describe(final).uuid == uuid
    assert workspace.stale() == {}
    assert workspace.replay(final).verdict == "identical"
