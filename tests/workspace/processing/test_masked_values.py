"""Masked values: the features that ignore a mask, and the way out."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datalab_workspace import DoubtfulResultWarning, UnsupportedDtypeError, Workspace
from datalab_workspace.model.record import KINDS, Kind
from datalab_workspace.processing.features import features
from datalab_workspace.processing.masks import RESPECTED
from datalab_workspace.testing.samples.operands import REQUIRED, sources
from support.doubtful import compute

#: Features with random results, or that cannot be computed from `sources`.
LEFT_OUT = {
    "signal": {
        "add_gaussian_noise",
        "add_poisson_noise",
        "add_uniform_noise",
        "bandwidth_3db",
        "evaluate_fit",
        "ifft",
    },
    "image": {
        "add_gaussian_noise",
        "add_poisson_noise",
        "add_uniform_noise",
        "blob_opencv",
    },
}
REGIONS: dict[Kind, dict[str, Any]] = {
    "signal": {"xmin": -2.0, "xmax": 2.0},
    "image": {"x0": 2.0, "y0": 3.0, "dx": 20.0, "dy": 18.0},
}
EVERY = [
    (kind, name)
    for kind in KINDS
    for name in features(kind)
    if name not in LEFT_OUT[kind]
]


def masked_sources(kind: Kind, value: float) -> list[Any]:
    """Return two objects whose masked values are this number."""
    objects = list(sources(kind).values())
    for obj in objects:
        array = obj.xydata if kind == "signal" else obj.data
        mask = np.zeros(array.shape, bool)
        if kind == "signal":
            mask[1, 40:50] = True
        else:
            mask[6:12, 8:14] = True
        masked = np.ma.MaskedArray(np.where(mask, value, array), mask)
        setattr(obj, "xydata" if kind == "signal" else "data", masked)
    return objects


def outcome(kind: Kind, name: str, value: float) -> tuple[Any, bool]:
    """Return the numbers that are not masked in a result, and whether calc warned."""
    feature = features(kind)[name]
    first, second = masked_sources(kind, value)
    values = dict(REQUIRED.get(name, {}))
    if name in ("extract_roi", "extract_rois", "erase", "offset_correction"):
        values |= REGIONS[kind]
    on = [first, second] if feature.operands is None else first
    result, caught = compute(
        name, on, second if feature.operands == 2 else None, **values
    )
    warned = any("mask of 'obj1' is ignored" in text for text in caught)
    if result is None:
        return None, warned
    if feature.analysis:
        return result.to_dataframe().to_numpy(dtype=object), warned
    data = result.xydata if hasattr(result, "xydata") else result.data
    if isinstance(data, np.ma.MaskedArray):
        return data.compressed(), warned
    return np.asarray(data), warned


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in KINDS for name in sorted(RESPECTED[kind])],
)
def test_masked_values_do_not_count(kind: Kind, name: str) -> None:
    """Whatever is under the mask, the result is the same, and calc does not warn."""
    results = [outcome(kind, name, value) for value in (0.2, -0.6, 0.95)]

    assert not any(warned for _, warned in results)
    for values, _ in results[1:]:
        np.testing.assert_array_equal(values, results[0][0])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("kind", "name"), [each for each in EVERY if each[1] not in RESPECTED[each[0]]]
)
def test_calc_warns_where_a_mask_is_ignored(kind: Kind, name: str) -> None:
    try:
        _, warned = outcome(kind, name, 0.2)
    except (ValueError, TypeError):
        return  # sigima refuses the masked array

    assert warned


def test_nan_in_place_of_masked_values() -> None:
    workspace = Workspace()
    data = np.ma.masked_greater(np.arange(12.0).reshape(3, 4), 5)
    workspace.add("masked", data)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = workspace.calc("stats", on="masked", masked="nan")

    assert table["max"][0] == 5
    np.testing.assert_array_equal(workspace.get("masked").data.mask, data.mask)


def test_a_mask_of_a_signal_becomes_nan() -> None:
    workspace = Workspace()
    y = np.ma.masked_greater(np.arange(5.0), 3)
    workspace.add("masked", (np.arange(5.0), y))

    name = workspace.calc("absolute", on="masked", masked="nan")

    np.testing.assert_array_equal(workspace.get(name).y, [0, 1, 2, 3, np.nan])


def test_integers_must_be_converted_first() -> None:
    workspace = Workspace()
    workspace.add("m", np.ma.masked_greater(np.arange(12).reshape(3, 4), 5))
    with pytest.raises(UnsupportedDtypeError, match=r"'m' has the dtype int.*astype"):
        workspace.calc("stats", on="m", masked="nan")
    with pytest.warns(DoubtfulResultWarning, match=r"astype.*masked='nan'"):
        workspace.calc("stats", on="m")
    assert workspace.get("m").data.mask.sum() == 6

    name = workspace.calc("astype", on="m", dtype_str="float64")

    assert workspace.calc("stats", on=name, masked="nan")["max"][0] == 5


def test_datalab_knows_no_masks() -> None:
    workspace = Workspace()
    workspace.add("m", np.ma.masked_greater(np.arange(12.0).reshape(3, 4), 5))
    with pytest.raises(ValueError, match="in this process only"):
        workspace.calc("absolute", on="m", masked="nan", where="datalab")
    with pytest.raises(ValueError, match="'ignore'"):
        workspace.calc("absolute", on="m", masked="zero")


def test_a_save_says_that_datalab_shows_no_mask(tmp_path: Path) -> None:
    """Each object is named once, however often it is saved."""
    workspace = Workspace()
    data = np.ma.masked_greater(np.arange(12.0).reshape(3, 4), 5)
    workspace.add("masked", data)
    workspace.add("plain", np.arange(3.0))
    with pytest.warns(UserWarning, match="of 'masked' as ordinary numbers; 'a.h5' kee"):
        workspace.save(tmp_path / "a.h5")

    workspace.add("more", np.arange(3.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        workspace.save()
        workspace.save(tmp_path / "b.h5")
    workspace.add("other", data + 1)
    with pytest.warns(UserWarning, match="of 'other' as ordinary"):
        workspace.save()


def test_a_mask_without_masked_values_is_no_reason(tmp_path: Path) -> None:
    workspace = Workspace()
    workspace.add("masked", np.ma.masked_greater(np.arange(12.0).reshape(3, 4), 50))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        workspace.calc("stats", on="masked")
        workspace.save(tmp_path / "a.h5")
