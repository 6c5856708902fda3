"""Dates on x in DataLab: kept, and drawn as dates."""

from __future__ import annotations

import numpy as np
import pytest

import datalab_workspace as dlw
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def scale_draw_of(datalab: Application, uuid: str) -> str:
    """Return the class that draws the bottom axis when a signal is shown alone."""
    datalab.act("show", "signal")
    datalab.act("select", "signal", [uuid])
    plot = "main.signalpanel.plothandler.plot"
    return str(
        datalab.evaluate(f"type({plot}.axisScaleDraw({plot}.X_BOTTOM)).__name__")
    )


def test_datalab_keeps_and_draws_dates(companion_datalab: Application) -> None:
    companion = companion_datalab.companion
    workspace = dlw.connect(companion.url, companion.token)
    dates = np.datetime64("2025-06-19T12:00:00") + np.arange(3)
    workspace.update({"numbers": np.arange(3.0), "dates": (dates, np.arange(3.0))})

    drawn = {
        name: scale_draw_of(companion_datalab, workspace.record(name).uuid)
        for name in workspace
    }

    assert "Date" in drawn["dates"]
    assert "Date" not in drawn["numbers"]
    other = dlw.connect(companion.url, companion.token)
    np.testing.assert_array_equal(other.to_xarray("dates")["x"], dates)
