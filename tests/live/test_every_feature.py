"""Every feature in a running DataLab gives the results of a workspace in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.model.record import KINDS, Kind
from datalab_workspace.processing.features import features
from datalab_workspace.testing.samples.operands import sources
from support.every_feature import FAILING, arguments
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def values(workspace: dlw.Workspace, outcome: Any) -> Any:
    """Return the name and numbers of a result."""
    if isinstance(outcome, list):
        return [values(workspace, each) for each in outcome]
    if isinstance(outcome, str):
        obj = workspace.get(outcome)
        return outcome, (obj.xydata if hasattr(obj, "xydata") else obj.data).tolist()
    return None if outcome is None else outcome.to_dataframe().to_dict("list")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_every_feature_by_its_attribute(
    companion_datalab: Application, kind: Kind
) -> None:
    companion = companion_datalab.companion
    live, memory = dlw.connect(companion.url, companion.token), dlw.Workspace()
    objects = sources(kind)
    for workspace in (live, memory):
        workspace.update(objects)
    noisy = {name for name in features(kind) if name.startswith("add_")}
    for name in features(kind).keys() - noisy:
        if (kind, name) in FAILING:
            continue
        call = arguments(kind, name)
        found, expected = (
            values(workspace, getattr(workspace.calc, name)(**call))
            for workspace in (live, memory)
        )
        np.testing.assert_equal(found, expected, err_msg=name)
    assert sorted(live.list()) == sorted(memory.list())
