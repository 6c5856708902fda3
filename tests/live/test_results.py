"""The results of analyses and fits, read from DataLab and shown by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sigima.objects import create_signal, create_signal_roi

import datalab_workspace as dlw
from datalab_workspace import Workspace
from datalab_workspace.live.companion import backend
from datalab_workspace.live.endpoint import Endpoint
from datalab_workspace.live.transport.token import Token
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def lines() -> dict[str, Any]:
    """Return two signals of the same shape, in different units."""
    x = np.linspace(0.0, 10.0, 200)
    y = 3 * np.exp(-((x - 4) ** 2) / 2) + np.random.default_rng(0).normal(0, 0.05, 200)
    first = create_signal("first", x, y, units=("nm", "V"))
    first.roi = create_signal_roi([[0.0, 5.0], [5.0, 10.0]])
    return {"first": first, "second": create_signal("second", x, y, units=("s", "mV"))}


@pytest.fixture
def workspace(companion_datalab: Application) -> Workspace:
    """A workspace in DataLab, with both signals."""
    companion = companion_datalab.companion
    token = Token(companion.token)
    endpoint = Endpoint(
        "url", "1.3.0", companion_url=companion.url, companion_token=token
    )
    workspace = Workspace(backend=backend.CompanionBackend(endpoint))
    workspace.update(lines())
    return workspace


def test_what_datalab_has_computed_is_listed(
    companion_datalab: Application,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DataLab's fits have no results of their own; their parameters are listed."""
    uuid = workspace.describe("first").uuid
    companion_datalab.act("analyse", "signal", [uuid], "stats", "linear_fit")
    decoded: list[Any] = []

    def decode(entry: Any, arrays: Any) -> Any:
        decoded.append(original(entry, arrays))
        return decoded[-1]

    original: Callable[..., Any] = backend.decode_record
    monkeypatch.setattr(backend, "decode_record", decode)
    results = workspace.results()

    assert [
        (v.roi, v.unit) for v in results.select(object="first", quantity="max")
    ] == [
        ("", "V"),
        ("ROI00", "V"),
        ("ROI01", "V"),
    ]
    (slope,) = results.select(analysis="linear_fit", quantity="a")
    assert (slope.object, slope.unit) == ("linear_fit(s001)", "V/nm")
    # No array was transferred.
    assert len(decoded) == 3
    assert all(record.data is None for record in decoded)


def test_datalab_shows_the_parameters_of_fits(
    companion_datalab: Application, workspace: Workspace
) -> None:
    names = workspace.calc("linear_fit", on=["first", "second"])
    expected = workspace.results(names)

    shown = companion_datalab.act("results", "signal")
    headers, labels, html = shown["Linear fit"]
    # DataLab shows fits with different units together.
    assert "r2" in headers
    assert len(labels) == 2
    assert ["u(a) (V/nm)" in each for each in html] == [True, False]
    assert workspace.results(names) == expected


def test_results_survive_datalab_s_own_file(
    datalab_window: Any, tmp_path: Path
) -> None:
    workspace = Workspace()
    workspace.update(lines())
    names = workspace.calc("linear_fit", on=["first", "second"])
    workspace.calc("stats", on="first")
    workspace.save(tmp_path / "ours.h5")

    project = datalab_window.open(tmp_path / "ours.h5", save_to=tmp_path / "datalab.h5")

    assert [text for text in project.complaints if text.startswith("box")] == []
    opened = dlw.open(tmp_path / "datalab.h5")
    assert opened.results() == workspace.results()
    assert opened.results(names)["a"].uncertainties.min() > 0
