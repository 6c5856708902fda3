"""Each known fault of sigima: it is still there, and `calc` warns about it.

A case that fails means that sigima has changed: correct `known_faults`, its report in
`docs/upstream` and `LAST_VERSION`.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sigima.objects import create_image_roi, create_signal_roi

from datalab_workspace import DoubtfulResultWarning, Workspace
from datalab_workspace.processing.known_faults import FAULTS, LAST_VERSION, table
from support.doubtful import compute, image, signal
from support.known_faults import of_dates, of_images, of_results, of_signals
from support.known_faults.case import BYTES, GIVEN_DY, PIXELS, RNG, TENTH, Case, X, spot

REPORTS = Path(__file__).parents[3] / "docs" / "upstream"
CASES: list[Case] = [
    *of_dates.CASES,
    *of_images.CASES,
    *of_results.CASES,
    *of_signals.CASES,
]
CAMERA = (PIXELS * 2000).astype(np.uint16)
#: Cases whose value does not show the fault: NaN among sorted values.
ARBITRARY = {"invalid_values.position", "invalid_values.median_of_signal"}


def key(fault: Any) -> str:
    module = fault.message.__module__.rpartition(".")[2]
    return f"{module}.{fault.name}"


def same(found: Any, expected: Any) -> bool:
    if found is None or expected is None:
        return found is expected
    if isinstance(expected, str | bool) or isinstance(np.ravel(expected)[0], str):
        return bool(found == expected)
    if np.shape(found) != np.shape(expected):
        return False
    return bool(np.allclose(found, expected, equal_nan=True))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.fault}-{c.feature}")
def test_the_fault_is_there_and_calc_warns(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fault,) = (each for each in FAULTS if key(each) == case.fault)
    assert case.feature in fault.features
    monkeypatch.setattr(table, "_faults_of", lambda *_: [fault])

    result, caught = compute(case.feature, case.on, case.with_, **case.values)

    found = case.found(result)
    assert same(found, case.wrong), found
    if case.fault not in ARBITRARY:
        assert not same(found, case.right)
    text = [each for each in caught if "combined as they are" not in each]
    assert len(text) == 1
    assert text[0].startswith(f"{case.feature}: ")
    assert "\n" not in text[0]


def test_every_fault_has_a_case_and_a_report() -> None:
    assert {key(fault) for fault in FAULTS} == {case.fault for case in CASES}
    reports = {fault.report for fault in FAULTS}
    assert [name for name in reports if not (REPORTS / f"{name}.md").exists()] == []
    index = (REPORTS / "index.md").read_text(encoding="utf-8")
    assert all(f"\n{name}\n" in index for name in reports)


def test_the_end_of_a_region_is_left_out_without_a_warning() -> None:
    """Reported in sigima_signal_grid.md; a warning for one point would be frequent."""
    result, caught = compute(
        "extract_roi", signal(X, X), xmin=float(X[2]), xmax=float(X[5])
    )
    assert (len(result.x), caught) == (3, [])


def test_a_newer_sigima_gives_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    import sigima

    newer = ".".join(map(str, (*LAST_VERSION[:2], LAST_VERSION[2] + 1)))
    monkeypatch.setattr(sigima, "__version__", newer)
    table._is_known_version.cache_clear()
    try:
        _, caught = compute("derivative", GIVEN_DY)
    finally:
        table._is_known_version.cache_clear()
    assert caught == []


def test_a_warning_points_to_the_users_line() -> None:
    workspace = Workspace()
    workspace.add("s", GIVEN_DY)
    with pytest.warns(DoubtfulResultWarning, match="derivative") as caught:
        workspace.calc("derivative", on="s")
    assert {each.filename for each in caught} == {__file__}


def test_many_objects_give_one_warning() -> None:
    workspace = Workspace()
    names = [workspace.add(f"s{n}", signal(X, X + n, dy=TENTH)) for n in range(9)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        workspace.calc("derivative", on=names)
    (warning,) = caught
    assert str(warning.message).endswith("(the same for 's1', 's2', 's3' and 5 more)")


def test_warnings_can_be_errors() -> None:
    workspace = Workspace()
    workspace.add("s", GIVEN_DY)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DoubtfulResultWarning)
        with pytest.raises(DoubtfulResultWarning, match="derivative"):
            workspace.calc("derivative", on="s")
    assert len(workspace) == 2


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("feature", "on", "values"),
    [
        ("extract_roi", image(PIXELS), {"x0": 2.0, "y0": 3.0, "dx": 4.0, "dy": 4.0}),
        ("line_profile", image(PIXELS), {}),
        ("derivative", signal(X, X), {}),
        ("integral", signal(X, X), {}),
        ("reverse_x", signal(X, X, dy=TENTH), {}),
        ("moving_average", signal(X, X), {}),
        ("moving_average", image(PIXELS), {}),
        ("binning", image(BYTES), {"change_pixel_size": False, "operation": "max"}),
        ("binning", image(PIXELS), {"change_pixel_size": False}),
        ("resampling", signal(X, X), {"method": "barycentric"}),
        ("resampling", signal(X, X), {"method": "cubic"}),
        ("apply_window", signal(X, X), {"method": "kaiser"}),
        ("fft", signal(X, X), {}),
        ("fft", signal(X - 0.5, X), {}),
        ("gaussian_filter", image(CAMERA), {"sigma": 2.0}),
        ("rotate", image(CAMERA), {"angle": 30.0}),
        ("log10", image(CAMERA), {}),
        ("calibration", signal(X, X, dx=TENTH), {"axis": "x", "a": -1.0}),
        ("normalize", signal(X, X), {"method": "maximum"}),
        ("extract_roi", signal(X, X), {"xmin": 0.15, "xmax": 0.55}),
        ("gaussian_fit", signal(X, np.exp(-((X - 0.5) ** 2) * 20)), {}),
        ("bandwidth_3db", signal(X, -20 * X), {}),
        ("allan_variance", signal(np.arange(50) * 0.5, RNG.normal(size=50)), {}),
        ("x_at_minmax", signal(X, X), {}),
        ("stats", image(BYTES), {}),
        ("addition_constant", image(BYTES), {"value": 2.0}),
        ("contour_shape", image(spot(30, 30)), {"shape": "circle"}),
        (
            "centroid",
            image(spot(15, 15), roi=create_image_roi("rectangle", [[4, 4, 20, 20]])),
            {},
        ),
        ("stats", signal(X, X, roi=create_signal_roi([[0.2, 0.6]])), {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_there_is_no_warning_without_the_fault(
    feature: str, on: Any, values: dict[str, Any]
) -> None:
    _, caught = compute(feature, on, **values)

    assert caught == []
