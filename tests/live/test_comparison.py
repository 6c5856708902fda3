"""The comparison that the tests of this folder rely on can tell what differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from datalab_workspace.testing.samples import IMAGES
from datalab_workspace.testing.samples.images import image
from support.comparison import differences
from support.real_datalab.exchange import Item

WHAT = ("label", "unit")
OTHERS = ("is_uniform_coords", "x0", "dy", "zscalemin", "xscalelog")

Change = Callable[[Item], object]


def source() -> Any:
    obj = IMAGES["roi-circles"]()
    obj.metadata |= {"n": 1, "list": (1, None), "array": np.arange(3), "deep": {"x": 1}}
    return obj


def item_of(obj: Any, name: str) -> Item:
    """What DataLab would show of an image that needs no conversion."""
    texts = ["annotations", *(f"{axis}{what}" for axis in "xyz" for what in WHAT)]
    fields = {field: getattr(obj, field) for field in (*texts, *OTHERS)}
    fields |= {"title": name, "data": obj.data.copy(), "xcoords": np.empty(0)}
    metadata = obj.metadata | {"list": [1, ""], "__uuid": "u", "__number": np.int64(1)}
    metadata |= {"n": np.int64(1), "array": np.arange(3), "deep": {"x": np.int64(1)}}
    return Item("image", "i001", "u", fields, metadata, obj.roi.to_dict(), [])


def test_what_is_the_same_does_not_differ() -> None:
    assert not [*differences(item_of(source(), "x"), source(), "x")]


@pytest.mark.parametrize(
    "change",
    [
        lambda item: setattr(item, "kind", "signal"),
        lambda item: item.fields.update(title="y"),
        lambda item: item.fields.update(zunit="V"),
        lambda item: item.fields.update(x0=-0.0),
        lambda item: item.fields.update(zscalemin=0.0),
        lambda item: item.fields.update(xcoords=np.zeros(1)),
        lambda item: item.fields.update(data=item.data.astype("i4")),
        lambda item: item.fields.update(data=item.data[1:]),
        lambda item: np.put(item.data, 5, 4321),
        lambda item: setattr(item, "roi", None),
        lambda item: item.roi["single_rois"].pop(),
        lambda item: item.metadata.pop("__uuid"),
        lambda item: item.metadata.pop("n"),
        lambda item: item.metadata.update(n=2),
        lambda item: item.metadata.update(n=1.0),
        lambda item: item.metadata.update(n="1"),
        lambda item: item.metadata.update(new=1),
        lambda item: item.metadata.update(__new=1),
        lambda item: item.metadata.update(list=[1]),
        lambda item: item.metadata.update(array=np.arange(3.0)),
        lambda item: item.metadata["deep"].update(x=2),
    ],
)
def test_any_change_is_told(change: Change) -> None:
    item = item_of(source(), "x")

    change(item)

    assert [*differences(item, source(), "x")]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ([[0, 255]], np.array([[0, 255]], "i4")),  # of DataLab's own dtypes, another
        ([[0, 255]], np.array([[0, 255]], "u8")),  # of none of DataLab's dtypes
        (np.array([[0, 2**32 - 1]], "u4"), np.array([[0, -1]], "i2")),
        (np.array([[0.0, 1.0]], "f2"), np.array([[0, 1]], "u1")),
        (np.array([[0, 1]], "c8"), np.array([[0, 1]], "f4")),
        (np.array([[0.0, np.nan]]), np.array([[-0.0, np.nan]])),
        (np.ma.MaskedArray([[1.0, 2.0]], mask=[[0, 1]]), np.array([[1.0, np.nan]])),
        (None, np.zeros((1, 1))),
    ],
)
def test_any_loss_of_data_is_told(data: Any, found: np.ndarray[Any, Any]) -> None:
    array = np.array(data, "u1") if isinstance(data, list) else data
    obj = image(array)
    item = Item("image", "i001", "u", {"data": found}, {"__uuid": "u"}, None, [])

    assert any(text.startswith("data:") for text in differences(item, obj, "x"))
