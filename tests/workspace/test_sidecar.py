"""The plain form of objects is one that DataLab can show, compute with and save."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from datalab_workspace.encoding import sidecar
from datalab_workspace.model.record import PRIMARY_ARRAY, Record
from datalab_workspace.model.sigima_objects import to_record
from datalab_workspace.testing.comparison import value_differences
from datalab_workspace.testing.samples.images import image
from datalab_workspace.testing.samples.signals import gaussian, signal


def there_and_back(obj: Any) -> tuple[Record, Record]:
    """Return the plain form of an object, and what is restored from it."""
    plain = sidecar.split(to_record(obj))
    return plain, sidecar.join(plain)


@pytest.mark.parametrize(
    ("dtype", "values", "plain"),
    [
        ("?", [0, 1], "u1"),
        ("i1", [-128, 127], "i2"),
        ("u4", [0, 255], "u1"),
        ("u4", [0, 2**32 - 1], "f8"),
        ("i8", [-1, 2**16], "i4"),
        # Whole numbers stay what they were: integers round what is computed of them.
        ("f2", [0, 1], "f4"),
        ("c8", [0, 1], "c16"),
    ],
)
def test_pixels_are_the_same_numbers(dtype: str, values: list[int], plain: str) -> None:
    data = np.array([values], dtype)

    converted, restored = there_and_back(image(data))

    assert converted.arrays["data"].dtype == np.dtype(plain)
    np.testing.assert_array_equal(converted.arrays["data"], data)
    assert not [*value_differences(data, restored.arrays["data"])]


@pytest.mark.parametrize("obj", [signal(), image()], ids=["signal", "image"])
def test_no_data_becomes_data_without_elements(obj: Any) -> None:
    """Without a dataset DataLab fails to save the project, and destroys its file."""
    plain, restored = there_and_back(obj)

    name = PRIMARY_ARRAY[plain.kind]
    assert plain.arrays[name].shape == ((2, 0) if plain.kind == "signal" else (0, 0))
    assert restored.arrays[name] is None


@pytest.mark.parametrize("value", [1, "text", [1], {"n": 1}, {"title": None}])
@pytest.mark.parametrize("key", ["Geometry_mine_dict", "Table_mine_dict"])
def test_what_is_no_result_is_kept_from_datalab(key: str, value: Any) -> None:
    obj = gaussian()
    obj.metadata[key] = value

    plain, restored = there_and_back(obj)

    assert key not in plain.metadata
    assert restored.metadata[key] == value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Geometry_mine_dict", {"title": "t", "kind": "point", "coords": [[1.0, 2.0]]}),
        ("Table_mine_dict", {"title": "t", "names": ["a"], "data": [[1]]}),
    ],
)
def test_a_result_is_shown_in_datalab(key: str, value: Any) -> None:
    obj = gaussian()
    obj.metadata[key] = value

    plain, _ = there_and_back(obj)

    assert plain.metadata[key] == value
