"""Objects whose units or axes differ are combined with a warning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from support.doubtful import compute, image, signal

X = np.linspace(0.0, 1.0, 11)
SQUARED = X**2
PIXELS = np.ones((3, 4))
VOLTS = signal(X, X, units=("s", "V"))


def warnings_of(feature: str, on: Any, with_: Any = None, **values: Any) -> list[str]:
    _, caught = compute(feature, on, with_, **values)
    return [text for text in caught if "combined as they are" in text]


@pytest.mark.parametrize("feature", ["addition", "average", "standard_deviation"])
def test_units_of_signals(feature: str) -> None:
    (text,) = warnings_of(feature, [VOLTS, signal(X, X, units=("ms", "A"))])

    assert text.startswith(f"{feature}: the units of x differ ('s' of 'obj1', 'ms' of")
    assert "the units of y differ ('V' of 'obj1', 'A' of 'obj2')" in text


@pytest.mark.parametrize(
    ("feature", "values", "warns"),
    [
        ("difference", {}, True),
        ("quadratic_difference", {}, True),
        ("arithmetic", {"operator": "+"}, True),
        ("arithmetic", {"operator": "×"}, False),
        ("division", {}, False),
        ("convolution", {}, False),
        ("complex_from_real_imag", {}, True),
        ("complex_from_magnitude_phase", {}, False),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_only_sums_need_the_same_unit(
    feature: str, values: dict[str, Any], warns: bool
) -> None:
    found = warnings_of(feature, VOLTS, signal(X, X, units=("s", "A")), **values)

    assert bool(found) == warns


@pytest.mark.parametrize(
    "other",
    [
        signal(X, X + 1, units=("s", "V"), labels=("time", "voltage")),
        signal(X, X + 1),
        signal(X + 1e-13, X, units=("s", "V")),
    ],
)
def test_labels_and_missing_units_are_no_reason(other: Any) -> None:
    assert warnings_of("addition", [VOLTS, other]) == []


def test_signals_of_other_x_between_the_same_ends() -> None:
    (text,) = warnings_of("addition", [signal(X, X), signal(SQUARED, X)])

    assert "x differs between its ends" in text


@pytest.mark.filterwarnings("ignore:.*interpolated linearly")
def test_interpolated_signals_are_no_reason() -> None:
    assert warnings_of("addition", [signal(X, X), signal(X * 2, X)]) == []


@pytest.mark.parametrize("feature", ["addition", "average", "product"])
@pytest.mark.parametrize(
    "other",
    [
        image(PIXELS, x0=1.0),
        image(PIXELS, dy=2.0),
        image(PIXELS, xcoords=np.array([0.0, 1, 2, 4]), ycoords=np.arange(3.0)),
    ],
)
def test_images_of_other_coordinates(feature: str, other: Any) -> None:
    (text,) = warnings_of(feature, [image(PIXELS), other])

    assert "the images have different coordinates" in text


def test_units_of_images() -> None:
    objects = [
        image(PIXELS, units=("mm", "mm", "V")),
        image(PIXELS, units=("mm", "um", "A")),
    ]
    (text,) = warnings_of("addition", objects)

    assert "units of y differ ('mm' of 'obj1', 'um'" in text
    assert "units of z differ ('V' of 'obj1', 'A'" in text
    assert "units of x" not in text
    (text,) = warnings_of("product", objects)
    assert "units of z" not in text
    assert warnings_of("addition", [objects[0], objects[0]]) == []
