"""`converts_exactly`: a dtype is accepted only if every element survives."""

from __future__ import annotations

import numpy as np
import pytest

from datalab_workspace.model.metadata_values import converts_exactly

LARGEST = {code: np.iinfo(code).max for code in ("i4", "i8", "u8")}
KEPT = [
    ([0, 255], "i8", "u1"),
    ([-32768, 32767], "i8", "i2"),
    ([2**53], "i8", "f8"),
    ([2**60], "i8", "c16"),
    ([-(2**63)], "i8", "f8"),
    ([1.5, -0.0, np.nan, np.inf], "f2", "f4"),
    ([1.5, -0.0, np.nan], "g", "f8"),
    ([1 + 2j, complex(-0.0, np.nan)], "G", "c16"),
    ([1j], "c8", "c16"),
    ([True, False], "?", "u1"),
    ([], "i8", "u1"),
    (3, "i8", "u1"),
]
LOST = [
    ([256], "i8", "u1"),
    ([-1], "i8", "u2"),
    ([2**53 + 1], "i8", "f8"),
    ([2**53 + 1], "i8", "c16"),
    ([LARGEST["i8"]], "i8", "f8"),
    ([LARGEST["i8"]], "i8", "c16"),
    ([LARGEST["u8"]], "u8", "f8"),
    ([LARGEST["i4"]], "i4", "f4"),
    ([-0.0], "f2", "u1"),
    ([-0.0], "g", "i4"),
    ([np.nan], "f8", "i4"),
    ([0.5], "f8", "i4"),
    ([1e300], "f8", "f4"),
    ([1j], "c16", "f8"),
    ([1 + 0j], "c16", "f8"),
    ([1 + 1e-300j], "G", "c8"),
    (["1"], "U1", "f8"),
]


def _named(case):
    values, code, into = case
    return pytest.param(*case, id=f"{values}-{code}-into-{into}")


@pytest.mark.parametrize(("values", "code", "into"), [*map(_named, KEPT)])
def test_what_survives_fits(values, code, into):
    assert converts_exactly(np.array(values, code), np.dtype(into))


@pytest.mark.parametrize(("values", "code", "into"), [*map(_named, LOST)])
def test_what_would_be_changed_does_not_fit(values, code, into):
    assert not converts_exactly(np.array(values, code), np.dtype(into))


@pytest.mark.parametrize("code", ["f8", "c16", "i8"])
def test_a_single_element_at_the_end_is_not_overlooked(code):
    values = np.zeros((1 << 19) + 1, code)
    values[-1] = 300
    assert not converts_exactly(values, np.dtype("u1"))
