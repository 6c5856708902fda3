"""DataLab's own reader understands every file that we write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.testing.comparison import value_differences
from datalab_workspace.testing.samples import IMAGES, KEYS, NAMES, SIGNALS, VALUES
from datalab_workspace.testing.samples.images import image, spot
from datalab_workspace.testing.samples.signals import gaussian
from support.comparison import ABSENT, as_python, assert_shows, shown
from support.real_datalab.exchange import Project

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

PANELS = {"signal": SIGNALS, "image": IMAGES}
Reader = Callable[[Path], Project]


@pytest.fixture(scope="module")
def samples(
    native_read: Reader, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Project]:
    """What DataLab reads of files with all sample objects, by kind."""
    folder = tmp_path_factory.mktemp("samples")
    read = {}
    for kind, makers in PANELS.items():
        workspace = Workspace()
        for name, make in makers.items():
            workspace.add(name, make())
        read[kind] = native_read(workspace.save(folder / f"{kind}.h5"))
    return read


@pytest.mark.parametrize("kind", PANELS)
def test_all_sample_objects_are_read_in_order(
    samples: dict[str, Project], kind: str
) -> None:
    project = samples[kind]

    assert project.complaints == []
    assert project.titles() == [*PANELS[kind]]
    count = len(PANELS[kind])
    ids = [f"{kind[0]}{number:03d}" for number in range(1, count + 1)]
    assert [item.short_id for item in project.items()] == ids


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in PANELS for name in PANELS[kind]]
)
def test_a_sample_object_is_read_as_it_is(
    samples: dict[str, Project], kind: str, name: str
) -> None:
    assert_shows(samples[kind][name], PANELS[kind][name](), name)


def test_results_are_found(samples: dict[str, Project]) -> None:
    """As DataLab's own tables of results show them."""
    by_hand = {r["title"]: r for r in samples["signal"]["results-made-by-hand"].results}
    assert by_hand["marks"]["headers"] == ["x", "y"]
    np.testing.assert_array_equal(by_hand["marks"]["rows"], [[1, 2], [np.nan, 4]])
    assert by_hand["counts"]["rows"] == [[1, "a"], [2, "b"]]
    computed = samples["image"]["results"].results
    assert [(r["key"], r["func_name"], len(r["rows"])) for r in computed] == [
        ("Geometry_centroid_dict", "centroid", 2),
        ("Geometry_enclosing_circle_dict", "enclosing_circle", 2),
        ("Table_stats_dict", "stats", 3),  # of the whole image, too
    ]


@pytest.mark.parametrize(
    ("values", "dtype", "converted"),
    [
        ([0, 1], "?", "u1"),
        ([-128, 127], "i1", "i2"),
        ([0, 2**32 - 1], "u4", "f8"),
        ([0, 255], "u4", "u1"),
        ([-1, 255], "i8", "i2"),
        ([0, 2**16 - 1], "i8", "u2"),
        ([-1, 2**16], "i8", "i4"),
        ([0, 2**53], "u8", "f4"),  # a power of two
        ([1, 2**53 - 1], "u8", "f8"),
        ([0, 1], "f2", "f4"),
        ([0, 1], "g", "f4"),
        ([0, 1], "c8", "c16"),
        ([0.1, -np.inf], "f2", "f4"),
        ([0.1, 0.2], "g", "f8"),
        ([1j, 2], "c8", "c16"),
        ([0, 2**16 - 1], ">u2", "u2"),
        ([0.1, 0.2], ">f4", "f4"),
    ],
)
def test_data_is_converted_to_the_smallest_dtype_that_holds_it(
    native_read: Reader, tmp_path: Path, values: list[Any], dtype: str, converted: str
) -> None:
    data = np.array([values], "f8" if dtype == "g" else dtype).astype(dtype)
    workspace = Workspace()
    workspace.add("x", image(data))

    project = native_read(workspace.save(tmp_path / "x.h5"))

    assert project.complaints == []
    assert project["x"].data.dtype == np.dtype(converted)
    np.testing.assert_array_equal(project["x"].data, data)


@pytest.mark.parametrize("kind", PANELS)
def test_any_name_is_read(native_read: Reader, tmp_path: Path, kind: str) -> None:
    workspace = Workspace()
    for name in NAMES.values():
        workspace.add(name, gaussian() if kind == "signal" else spot())

    project = native_read(workspace.save(tmp_path / "names.h5"))

    assert project.complaints == []
    assert project.titles() == [*NAMES.values()]


@pytest.mark.parametrize("compression", ["lzf", "gzip", ("gzip", 9)])
def test_compressed_data_is_read(
    native_read: Reader, tmp_path: Path, compression: Any
) -> None:
    objects = {
        "image": image(np.arange(10_000, dtype="u2").reshape(100, 100)),
        "converted": image(np.arange(10_000).reshape(100, 100)),
        "signal": gaussian(10_000),
        "small": gaussian(3),
    }
    workspace = Workspace()
    for name, obj in objects.items():
        workspace.add(name, obj)

    project = native_read(
        workspace.save(tmp_path / "compressed.h5", compression=compression)
    )

    assert project.complaints == []
    for name, obj in objects.items():
        assert_shows(project[name], obj, name)


def test_more_objects_than_digits_stay_in_order(
    native_read: Reader, tmp_path: Path
) -> None:
    """DataLab goes by the alphabet: of plain numbers, s1000 comes before s999."""
    names = [f"n{number}" for number in range(1005)]
    workspace = Workspace()
    for name in names:
        workspace.add(name, np.arange(3.0))

    project = native_read(workspace.save(tmp_path / "many.h5"))

    assert project.complaints == []
    assert project.titles() == names


def test_groups_are_read_in_order(native_read: Reader, tmp_path: Path) -> None:
    workspace = Workspace()
    layout = [
        ("signal", "raw/2024", ["b", "a"]),
        ("signal", "..", ["z"]),
        ("signal", "é \U0001f9ea", ["c"]),
        ("image", "raw/2024", ["i2", "i1"]),
        ("image", "A" * 300, ["i3"]),
    ]
    for kind, group, names in layout:
        for name in names:
            workspace.add(name, gaussian() if kind == "signal" else spot(), group=group)

    project = native_read(workspace.save(tmp_path / "groups.h5"))

    assert project.complaints == []
    assert project.summary() == layout


#: What DataLab shows of values that no file can hold as they are, besides the rules of
#: `shown`. Not listed: values that it does not see at all.
CLOSEST: dict[str, Any] = {
    "beyond-int64": "9223372036854775808",
    "beyond-uint64": "18446744073709551617",
    "negative-beyond": "-9223372036854775809",
    "googol": "1" + "0" * 100,
    "beyond-the-digits-of-a-text": hex(-(10**5000)),
    "decimal": "1.10",
    "decimal-nan": "-NaN123",
    "decimal-infinity": "-Infinity",
    "fraction": "-1/3",
    "large-fraction": str(10**400 + 1) + "/" + str(10**399),
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "posix-path": "/data/a b.txt",
    "windows-path": "C:\\data\\b.txt",
    "path": str(Path("relative") / "file"),
    "callable-text": " #callable#datalab.app.run",  # DataLab would look it up
    "bytearray": "\x01\ufffd",
    "datetime": "2024-10-27T02:30:15.123456",
    "datetime-min": "0001-01-01T00:00:00",
    "datetime-max": "9999-12-31T23:59:59.999999",
    "datetime-utc": "2024-10-27T02:30:15.123456+00:00",
    "datetime-offset": "2024-10-27T02:30:15.123456-03:12:07.000005",
    "datetime-named-offset": "2024-10-27T02:30:15.123456+05:30",
    "datetime-zone": "2024-10-27T02:30:15.123456+02:00",
    "datetime-zone-fold": "2024-10-27T02:30:15.123456+01:00",
    "datetime-fold": "2024-10-27T02:30:15.123456",
    "date": "0001-01-01",
    "time": "23:59:59.999999",
    "time-utc": "01:02:00+00:00",
    "time-zone": "01:02:00",
    "timedelta": "-1 day, 0:00:00.000001",
    "timedelta-max": "999999999 days, 23:59:59.999999",
    "longdouble": "1.0",
    "clongdouble": "(1+0j)",
    "longdouble-third": str(np.longdouble(1) / 3),
    "str_": "café",
    "bytes_": "b'\\xffx'",
    "datetime64-ns": "2024-01-02T03:04:05.123456789",
    "datetime64-month": "2024-02",
    "datetime64-nat": "NaT",
    "timedelta64": "-3 milliseconds",
    "row-of-a-table": "(1.5, 'p')",
    "array-float128": ["0.0", "1.0", "1.0"],
    "array-complex256": ["0j", "(1+0j)", "(1+0j)"],
    "array-0d-text": "t",
    "array-empty-text": [],
    "array-text": ["a", "", "café"],
    "array-text-big-endian": ["a", "b"],
    "array-text-many": ABSENT,
    "array-bytes": ["a", "\\xff\ufffdb"],
    "array-datetime64": ["2024-01-01T00:00:00.000000", "NaT"],
    "array-timedelta64": ["1 days", "-2 days"],
    "array-structured": ABSENT,
    "array-padded": ABSENT,
    "array-of-arrays": ABSENT,
    "array-no-fields": ABSENT,
    "masked": np.array([1.0, np.nan, 3.0]),
    "masked-nothing": np.array([1, 2]),
    "masked-no-element": np.array([1, 2]),
    "masked-all": np.eye(2),
    "masked-text": ["a", "b"],
    "masked-0d": np.array(5.0),
    "masked-empty": np.empty((0, 2)),
    "masked-table": ABSENT,
    "empty-set": [],
    "empty-frozenset": [],
    "set": ["", "a", 1, 2.5, [1, 2]],
    "set-of-sets": [[[1]], []],
    "frozenset": ["2024-01-01", "x"],
    "list-of-bytes": ["\\xff", "x"],
    "dict-of-everything": {
        "t": ["", [1]],
        "b": "\ufffd",
        "when": "2024-10-27T02:30:15.123456",
    },
}


@pytest.fixture(scope="module")
def values(native_read: Reader, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """What DataLab reads of objects, one for each sample value."""
    workspace = Workspace()
    for name, make in VALUES.items():
        obj = gaussian()
        obj.metadata = {"value": make(), "below": {"value": make()}, "after": 1}
        workspace.add(name, obj)
    path = workspace.save(tmp_path_factory.mktemp("values") / "values.h5")
    return native_read(path)


def test_objects_with_any_metadata_are_read(values: Project) -> None:
    assert values.complaints == []
    assert values.titles() == [*VALUES]


@pytest.mark.parametrize("name", VALUES)
def test_a_value_of_metadata_is_shown_as_what_comes_closest(
    values: Project, name: str
) -> None:
    expected = CLOSEST[name] if name in CLOSEST else shown(VALUES[name]())
    metadata = as_python(values[name].metadata)
    absent = expected is ABSENT

    assert metadata["after"] == 1
    assert ("value" in metadata) != absent
    assert ("value" in metadata["below"]) != absent
    if not absent:
        assert not list(value_differences(expected, metadata["value"]))
        assert not list(value_differences(expected, metadata["below"]["value"]))


@pytest.mark.parametrize("value", [1, "text", {"n": 1}, [1, 2], np.arange(3)], ids=repr)
def test_keys_that_datalab_can_have_are_read(
    native_read: Reader, tmp_path: Path, value: Any
) -> None:
    """Others do no harm."""
    obj = gaussian()
    obj.metadata = dict.fromkeys(KEYS.values(), value)
    obj.metadata |= {"below": dict.fromkeys(KEYS.values(), value)}
    workspace = Workspace()
    workspace.add("x", obj)

    project = native_read(workspace.save(tmp_path / "keys.h5"))

    assert project.complaints == []
    assert_shows(project["x"], obj, "x")


@pytest.mark.parametrize("file", ["history.h5", "full.h5", "datalab_1_0.h5"])
@pytest.mark.parametrize("lazy", [False, True])
def test_what_datalab_wrote_and_we_saved_again_is_read_as_it_was(
    native_read: Reader, datalab_files: Path, tmp_path: Path, file: str, lazy: bool
) -> None:
    """Objects, groups, macros and history."""
    before = native_read(datalab_files / file)
    workspace = Workspace()
    workspace.load(datalab_files / file, lazy=lazy)

    after = native_read(workspace.save(tmp_path / "again.h5"))

    assert after.complaints == before.complaints == []
    assert after.macros == before.macros
    assert not list(value_differences(before.history, after.history, "history"))
    assert after.summary() == before.summary()


def test_a_project_that_was_changed_in_a_copy_is_read_in_order(
    native_read: Reader, tmp_path: Path
) -> None:
    workspace = Workspace()
    for number in range(12):
        workspace.add(f"signal {number}", (np.arange(4.0), np.arange(4.0) * number))
        workspace.add(f"image {number}", np.full((3, 4), number, "u2"))
    path = workspace.save(tmp_path / "project.h5")
    workspace.rename("signal 2", "renamed")
    workspace.remove("signal 3", "image 11")
    workspace.save()
    workspace.add("new", (np.arange(4.0), np.ones(4)), group="second")
    workspace.move("signal 0", "second")
    workspace.edit("image 4", zlabel="counts", metadata={"limits": [1, 2]})
    workspace.add("image 5", np.ones((2, 2)), overwrite=True)
    workspace.save()

    project = native_read(path)

    assert project.complaints == []
    expected = {name: workspace.record(name) for name in workspace.list()}
    assert project.titles() == [*expected]
    for item, (name, record) in zip(project.items(), expected.items(), strict=True):
        data = record.array("xydata" if record.kind == "signal" else "data")
        assert item.title == name
        assert item.uuid == record.uuid
        np.testing.assert_array_equal(np.asarray(item.data), data)
