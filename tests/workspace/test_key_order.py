"""The keys of metadata keep their order in files, which costs few bytes or none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import Workspace
from datalab_workspace.encoding import key_order
from datalab_workspace.encoding.sidecar import KEY
from support.project_files import drop_manifest

SIGNAL = "DataLab_Sig/gs001: /s001: x"

ORDERS: dict[str, dict[Any, Any]] = {
    "scalars": {"b": 1, "a": "x", "c": 2.5},
    "many": {f"{number * 7 % 50:02}": number for number in range(50)},
    "all kinds": {
        "z": np.arange(3),
        "m": {"k": 1},
        "l": [1],
        "s": 1,
        "n": None,
        5: "i",
    },
    "inside": {"a": {"y": [{"q": 1, "b": np.arange(2)}, 3, {"d": 1}], "x": 2}},
    "inside a tuple": {"a": ({"y": 1, "x": {"b": 1, "a": 2}},)},
    "empty": {"b": {}, "a": [], "c": [{}]},
    "around results": {"z": 1, "_private": 2, "a": 3},
}


def order_of(value: Any) -> Any:
    """Return the keys of all dicts in a value, in order."""
    if isinstance(value, dict):
        return [(key, order_of(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [order_of(item) for item in value]
    return None


def saved(path: Path, metadata: dict[Any, Any]) -> Path:
    workspace = Workspace()
    workspace.add("x", np.arange(3.0))
    workspace.edit("x", metadata=metadata)
    return workspace.save(path, history=None)


def sidecar_of(path: Path) -> dict[str, Any] | None:
    with h5py.File(path) as file:
        text = file[SIGNAL]["metadata"].attrs.get(KEY)
    return None if text is None else json.loads(text)


@pytest.mark.parametrize("has_manifest", [True, False], ids=["manifest", "layout"])
@pytest.mark.parametrize("metadata", ORDERS.values(), ids=ORDERS)
def test_keys_come_back_in_order(
    tmp_path: Path, metadata: dict[Any, Any], has_manifest: bool
) -> None:
    path = saved(tmp_path / "a.h5", metadata)
    if not has_manifest:
        drop_manifest(path)
    found = dlw.open(path).record("x").metadata
    assert order_of(found) == order_of(metadata)


def test_an_archive_keeps_the_order(tmp_path: Path) -> None:
    for name, metadata in ORDERS.items():
        path = saved(tmp_path / f"{name}.npz", metadata)
        assert order_of(dlw.open(path).record("x").metadata) == order_of(metadata)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"a": 1, "b": 2},
        {"b": 1, "a": np.arange(3), "c": {"x": 1, "y": [2]}},
        {"a": 1, "_z": 1, "_b": {"y": 1, "x": 2}},
        {"Geometry_x_dict": {"title": "t", "kind": "k", "coords": np.ones((1, 2))}},
    ],
)
def test_an_order_that_hdf5_keeps_costs_nothing(
    tmp_path: Path, metadata: dict[Any, Any]
) -> None:
    assert sidecar_of(saved(tmp_path / "a.h5", metadata)) is None


def test_the_order_alone_does_not_depend_on_the_data(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.h5", {"b": 1, "a": 2})
    assert sidecar_of(path) == {"format": 1, "order": {"keys": ["b", "a"]}}
    with h5py.File(path, "r+") as file:
        file[SIGNAL]["xydata"][1] = 7
        file[SIGNAL]["metadata"].attrs["added"] = 3
        del file[SIGNAL]["metadata"].attrs["a"]
    found = dlw.open(drop_manifest(path)).record("x").metadata
    assert list(found.items()) == [("b", 1), ("added", 3)]


@pytest.mark.parametrize(
    "order",
    [3, {"keys": 3}, {"keys": [{"$": "x"}]}, {"in": [1]}, {"in": [["a", 3]]}, [[]]],
)
def test_a_malformed_order_is_ignored_with_a_warning(
    tmp_path: Path, order: Any
) -> None:
    path = saved(tmp_path / "a.h5", {"b": 1, "a": 2})
    with h5py.File(drop_manifest(path), "r+") as file:
        attributes = file[SIGNAL]["metadata"].attrs
        attributes[KEY] = json.dumps({"format": 1, "order": order})
    with pytest.warns(UserWarning, match="the sidecar of 'x' cannot be read"):
        found = dlw.open(path).record("x").metadata
    assert found == {"a": 2, "b": 1}


def test_an_order_for_other_values_changes_nothing_else() -> None:
    value = {"a": {"x": 1}, "b": [1, {"z": 1, "y": 2}], "c": 3}
    order = {
        "keys": ["c", "gone", "a"],
        "in": [["a", {"keys": []}], ["b", {"in": [[5, {}], [0, {"keys": [1]}]]}]],
    }
    assert order_of(key_order.restored(value, order)) == order_of(
        {"c": 3, "a": {"x": 1}, "b": [1, {"z": 1, "y": 2}]}
    )
