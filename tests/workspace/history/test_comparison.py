"""The difference between a stored object and one that was made again."""

from __future__ import annotations

import numpy as np
import pytest

from datalab_workspace.history.calls.execution import Tolerance
from datalab_workspace.history.replay.comparison import difference
from datalab_workspace.model.record import Record

DATA = np.arange(12.0).reshape(3, 4)


def image(data, **fields):
    return Record("image", fields, {"data": data})


def changed(value, dtype=float):
    data = DATA.astype(dtype)
    data[1, 2] = value
    return data


@pytest.mark.parametrize(
    ("made", "what", "largest"),
    [
        (DATA.copy(), "", None),
        (changed(6.5), "values differ", 0.5),
        (changed(np.nan), "infinite or not a number", None),
        (changed(np.inf), "infinite or not a number", None),
        (DATA.astype("f4"), "the dtype is float32, not float64", None),
        (DATA[:2], r"the shape is (2, 4), not (3, 4)", None),
        (np.ma.masked_equal(DATA, 5), "other values are masked", None),
    ],
)
def test_data_is_compared_bit_for_bit(made, what, largest):
    found = difference(image(DATA), image(made))
    assert what in found.what
    assert bool(found.what) == bool(what)
    assert (found.largest, found.exceeds) == (largest, bool(what))


def test_nan_equals_nan_and_zeros_have_a_sign():
    data = changed(np.nan)
    assert not difference(image(data), image(data.copy())).what
    found = difference(image(np.zeros((2, 2))), image(-np.zeros((2, 2))))
    assert (found.what, found.largest) == (
        "the signs of zeros or bits of NaN differ",
        0.0,
    )


def test_values_under_a_mask_do_not_count():
    stored = np.ma.masked_equal(changed(5.5), 5.5)
    made = np.ma.MaskedArray(changed(9.0), mask=stored.mask)
    assert not difference(image(stored), image(made)).what


@pytest.mark.parametrize(
    ("allowed", "exceeds"),
    [
        (Tolerance(0.4), True),
        (Tolerance(0.6), False),
        (Tolerance(0.0, 0.05), True),
        (Tolerance(0.2, 0.06), False),
    ],
)
def test_a_tolerance_is_absolute_and_relative(allowed, exceeds):
    found = difference(image(DATA), image(changed(6.5)), allowed)
    assert (found.largest, found.exceeds) == (0.5, exceeds)


def test_complex_values_are_compared_by_their_distance():
    found = difference(image(changed(6, complex)), image(changed(9 + 4j, complex)))
    assert found.largest == 5.0


def test_labels_and_geometry_count_and_display_options_do_not():
    made = image(DATA, title="other", xscalemin=1.0, annotations="[]")
    assert not difference(image(DATA, title="mine"), made).what
    made = image(DATA, x0=2.0, zunit="V")
    assert difference(image(DATA), made).what == "zunit, x0 differ"
