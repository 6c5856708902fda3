"""DataLab's window opens every file that we write, and we load every file of its."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.testing.comparison import (
    as_stored,
    differences,
    value_differences,
)
from datalab_workspace.testing.samples import IMAGES, KEYS, NAMES, SIGNALS, VALUES
from datalab_workspace.testing.samples.images import image, spot
from datalab_workspace.testing.samples.signals import gaussian, signal
from support.comparison import SIDECAR, STYLE_KEYS, assert_shows
from support.real_datalab.exchange import Project

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

#: Sound images that DataLab 1.3 holds and saves, but fails to draw, and how it fails.
#: `test_datalab_still_cannot_draw_them` tells which of them can be dropped.
UNDRAWN = {
    "no-rows": "index 0 is out of bounds",
    "no-columns": "index 0 is out of bounds",
    "special-numbers": "Too many bins for data range",
    "pixel-size": "y must be an increasing 1D array",  # dy is negative
    "non-uniform-coordinates": "y must be an increasing 1D array",  # one is NaN
    "lut-range": "cannot convert float NaN to integer",  # it has no end
}
ALIKE = {"masked-without-pixels": "no-rows", "no-data": "no-rows"}
PANELS = {"signal": SIGNALS, "image": IMAGES}


class Trip(NamedTuple):
    """A project on its way through DataLab.

    Attributes:
        sent: The workspace that was saved.
        seen: What the window showed of its file.
        back: A workspace with what DataLab then saved.
        saved: The file that DataLab saved.
    """

    sent: Workspace
    seen: Project
    back: Workspace
    saved: Path


Travel = Callable[[Workspace], Trip]


@pytest.fixture(scope="module")
def travel(datalab_window, tmp_path_factory: pytest.TempPathFactory) -> Travel:
    """Open a workspace's project in the window, have it saved there, and load that."""

    def there_and_back(workspace: Workspace) -> Trip:
        folder = tmp_path_factory.mktemp("travel")
        ours, theirs = folder / "ours.h5", folder / "theirs.h5"
        workspace.save(ours)
        seen = datalab_window.open(ours, save_to=theirs)
        back = Workspace()
        back.load(theirs)
        return Trip(workspace, seen, back, theirs)

    return there_and_back


def assert_came_back(trip: Trip, name: str, obj: Any) -> None:
    """Fail unless an object is as it was, but for how DataLab drew it."""
    expected, found = as_stored(obj, name), trip.back.get(name)
    for key in found.metadata.keys() - expected.metadata.keys():
        if key.startswith("__") or key in STYLE_KEYS:
            del found.metadata[key]
    drawn = [
        field
        for field in ("zscalemin", "zscalemax")
        if getattr(expected, field, 0.0) is None
    ]
    if expected.metadata.get("__alpha", 1.0) is None:
        expected.metadata["__alpha"] = found.metadata["__alpha"]
    different = list(differences(expected, found, but=tuple(drawn)))
    assert not different, f"{name!r:.80} differs:\n" + "\n".join(different)


# -- all sample objects ---------------------------------------------------------------


@pytest.fixture(scope="module")
def samples(travel: Travel) -> dict[str, Trip]:
    """All sample objects on their way through DataLab, by kind."""
    trips = {}
    for kind, makers in PANELS.items():
        workspace = Workspace()
        for name, make in makers.items():
            workspace.add(name, make())
        trips[kind] = travel(workspace)
    return trips


def test_datalab_drops_the_manifest_and_its_mark(samples: dict[str, Trip]) -> None:
    """A file with only one of them is reported as damaged."""
    for trip in samples.values():
        with h5py.File(trip.saved) as file:
            assert "datalab_workspace" not in file
            assert not file.attrs.keys()


@pytest.mark.parametrize("kind", PANELS)
def test_all_sample_objects_are_shown_in_order(
    samples: dict[str, Trip], kind: str
) -> None:
    trip = samples[kind]

    assert trip.seen.complaints == []
    assert trip.seen.titles() == trip.back.list() == [*PANELS[kind]]
    expected = {"signal": set(), "image": UNDRAWN.keys() | ALIKE.keys()}
    assert trip.seen.undrawn.keys() == expected[kind]
    for name, why in trip.seen.undrawn.items():
        assert UNDRAWN[ALIKE.get(name, name)] in why


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in PANELS for name in PANELS[kind]]
)
def test_a_sample_object_is_shown_as_it_is_and_comes_back(
    samples: dict[str, Trip], kind: str, name: str
) -> None:
    make, trip = PANELS[kind][name], samples[kind]

    assert_shows(trip.seen[name], make(), name, opened=True)
    assert_came_back(trip, name, make())


def test_datalab_still_cannot_draw_them(datalab_window) -> None:
    """Nor such images that were made in DataLab: it is no matter of our files."""
    project = datalab_window.perform("hard_to_draw")

    assert project.complaints == []
    assert project.titles() == [*UNDRAWN, "sound"]
    assert project.undrawn.keys() == UNDRAWN.keys()
    for name, why in UNDRAWN.items():
        assert why in project.undrawn[name]


@pytest.mark.parametrize(
    "obj",
    [
        signal(np.empty((2, 0))),
        signal(np.empty((4, 0))),
        image(np.empty((0, 0))),
        image(np.empty((0, 4))),
        image(np.empty((4, 0), "u2")),
    ],
    ids=lambda obj: f"{type(obj).__name__} {obj.data.shape}",
)
def test_data_without_elements_is_held_and_comes_back(travel: Travel, obj: Any) -> None:
    workspace = Workspace()
    workspace.add("nothing", obj)
    workspace.add("something", gaussian() if hasattr(obj, "xydata") else spot())

    trip = travel(workspace)

    assert trip.seen.complaints == []
    assert_shows(trip.seen["nothing"], obj, "nothing", opened=True)
    assert_came_back(trip, "nothing", obj)


# -- names, groups, metadata ----------------------------------------------------------


@pytest.mark.parametrize("kind", PANELS)
def test_any_name_is_shown_and_comes_back(travel: Travel, kind: str) -> None:
    workspace = Workspace()
    for name in NAMES.values():
        workspace.add(name, gaussian() if kind == "signal" else spot())
    # DataLab shows a UUID in a title as the short id of the object that it takes it to
    # be of, and this is of none.
    shown = [
        f"{kind[0]}xxx" if name == NAMES["like-a-uuid"] else name
        for name in NAMES.values()
    ]

    trip = travel(workspace)

    assert trip.seen.complaints == []
    assert trip.seen.undrawn == {}
    assert trip.seen.titles() == shown
    assert trip.back.list() == shown


def test_groups_are_shown_in_order_and_come_back(travel: Travel) -> None:
    layout = [
        ("signal", "raw/2024", ["b", "a"]),
        ("signal", "..", ["z"]),
        ("image", "raw/2024", ["i2", "i1"]),
        ("image", "é \U0001f9ea", ["i3"]),
    ]
    workspace = Workspace()
    for kind, group, names in layout:
        for name in names:
            workspace.add(name, gaussian() if kind == "signal" else spot(), group=group)

    trip = travel(workspace)

    assert trip.seen.complaints == []
    assert trip.seen.summary() == layout
    assert [(g.kind, g.title, [*g.names]) for g in trip.back.groups()] == layout
    for item in trip.seen.items():
        assert item.uuid == trip.back.record(item.title).uuid
        assert item.uuid == workspace.record(item.title).uuid


def test_any_metadata_comes_back(travel: Travel) -> None:
    objects = {}
    for index, (name, make) in enumerate(VALUES.items()):
        obj = objects.setdefault(f"values {index // 10}", gaussian())
        obj.metadata[name] = make()
    objects["keys"] = gaussian()
    objects["keys"].metadata = dict.fromkeys(KEYS.values(), (1, None))
    workspace = Workspace()
    for name, obj in objects.items():
        workspace.add(name, obj)

    trip = travel(workspace)

    assert trip.seen.complaints == []
    assert trip.seen.undrawn == {}
    for name, obj in objects.items():
        assert_came_back(trip, name, obj)


def test_the_order_of_keys_comes_back(travel: Travel) -> None:
    obj = gaussian()
    obj.metadata = {
        "z": 1,
        "none": None,
        "d": {"y": [{"q": 1, "b": 2}], "x": 2},
        "a": 3,
    }
    order = list(obj.metadata)
    workspace = Workspace()
    workspace.add("x", obj)

    trip = travel(workspace)

    assert trip.seen.complaints == []
    found = trip.back.get("x").metadata
    assert [key for key in found if key in order] == order
    assert list(found["d"]) == ["y", "x"]
    assert list(found["d"]["y"][0]) == ["q", "b"]


def test_what_is_changed_in_datalab_wins(datalab_window, tmp_path: Path) -> None:
    """Of what DataLab can't hold, the rest stays."""
    obj = spot()
    obj.metadata = {"edited": (1, 2), "kept": (3, None)}
    workspace = Workspace()
    workspace.add("x", obj)
    workspace.save(tmp_path / "x.h5")

    datalab_window.perform(
        "edit", path=tmp_path / "x.h5", save_to=tmp_path / "edited.h5"
    )
    workspace.load(tmp_path / "edited.h5", on_conflict="replace")

    found = workspace.get("x")
    assert found.metadata["edited"] == [7]
    assert found.metadata["kept"] == (3, None)
    assert found.zunit == "edited"


def test_a_result_of_datalabs_is_not_mistaken_for_its_source(
    datalab_window, tmp_path: Path
) -> None:
    """A copy is the source, whatever its title; what is computed of it is not."""
    data = np.ma.MaskedArray(np.arange(12).reshape(3, 4) + 1, mask=np.eye(3, 4))
    source = image(data, metadata={"kept": (1, None)})
    workspace = Workspace()
    workspace.add("source", source)
    workspace.save(tmp_path / "source.h5")

    seen = datalab_window.perform(
        "process", path=tmp_path / "source.h5", save_to=tmp_path / "processed.h5"
    )
    back = Workspace()
    names = back.load(tmp_path / "processed.h5")

    assert seen.complaints == []
    assert seen.titles() == ["renamed", "source", "inverse(i001)"]
    assert names == seen.titles()
    for name in "renamed", "source":
        found = back.get(name)
        assert found.metadata["kept"] == (1, None)
        assert not list(value_differences(data, found.data, "data"))
    result = back.get("inverse(i001)")
    assert not list(value_differences(seen["inverse(i001)"].data, result.data, "data"))
    np.testing.assert_array_equal(result.data, 1 / data.data)
    assert SIDECAR not in result.metadata


# -- the main job ---------------------------------------------------------------------


def test_a_measurement_and_its_result_are_shown_and_come_back(travel: Travel) -> None:
    import sigima.io
    import sigima.proc.image

    measured = files("sigima") / "data" / "tests"
    beam = sigima.io.read_image(str(measured / "laser_beam" / "TEM00_z_30.jpg"))
    curve = sigima.io.read_signal(str(measured / "curve_formats" / "paracetamol.txt"))
    objects = {"i042": beam, "paracetamol": curve}
    objects["filtered_i042"] = sigima.proc.image.butterworth(beam, cut_off=0.2)
    workspace = Workspace()
    for name, obj in objects.items():
        workspace.add(name, obj)

    trip = travel(workspace)

    assert trip.seen.complaints == []
    assert trip.seen.undrawn == {}
    for name, obj in objects.items():
        assert_shows(trip.seen[name], obj, name, opened=True)
        assert_came_back(trip, name, obj)


# -- what DataLab makes ---------------------------------------------------------------


@pytest.fixture(scope="module")
def analysis(datalab_window, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was made and saved in DataLab."""
    path = tmp_path_factory.mktemp("analysis") / "analysis.h5"
    project = datalab_window.perform("analysis", save_to=path)
    assert project.complaints == []
    assert project.undrawn == {}
    assert [macro.title for macro in project.macros] == ["plot/é"]
    assert len(project.history[0]["actions"]) == 7
    return path


@pytest.mark.parametrize("lazy", [False, True])
def test_what_was_made_in_datalab_is_loaded_as_it_is(
    analysis: Path, native_read: Callable[[Path], Project], lazy: bool
) -> None:
    theirs = native_read(analysis)
    workspace = Workspace()

    assert workspace.load(analysis, lazy=lazy) == theirs.titles()

    assert len(theirs.titles()) == 7
    groups = [(g.kind, g.title, [*g.names]) for g in workspace.groups()]
    assert groups == theirs.summary()
    for item in theirs.items():
        obj = workspace.get(item.title)
        assert_shows(item, obj, item.title)
        assert obj.data.dtype == item.data.dtype
        assert workspace.record(item.title).uuid == item.uuid
        assert workspace.get(item.short_id).title == item.title


def test_results_computed_in_datalab_can_be_used(analysis: Path) -> None:
    from sigima.objects import GeometryResult, TableResult

    workspace = Workspace()
    workspace.load(analysis)
    peak, spot = workspace.get("peak"), workspace.get("spot")

    width = GeometryResult.from_dict(peak.metadata["Geometry_fwhm_dict"])
    assert width.coords[0, 2] - width.coords[0, 0] == pytest.approx(1.67, abs=0.01)
    table = TableResult.from_dict(spot.metadata["Table_stats_dict"])
    assert table["max"] == [1000.0, 1000.0]
    assert [roi.title for roi in peak.roi] == ["region", "region"]
    assert [roi.title for roi in spot.roi] == ["core"]
    assert workspace.get("noisy").dx is None
    assert set(workspace.get("noisy").dy) == {0.1}
    assert not workspace.get("uneven").is_uniform_coords


@pytest.mark.parametrize(
    "file", ["analysis", "full.h5", "history.h5", "empty.h5", "datalab_1_0.h5"]
)
def test_what_we_loaded_and_saved_datalab_shows_as_it_was(
    datalab_window, request, datalab_files: Path, tmp_path: Path, file: str
) -> None:
    path = datalab_files / file
    if file == "analysis":
        path = request.getfixturevalue("analysis")
    workspace = Workspace()
    workspace.load(path)
    workspace.save(tmp_path / "again.h5")

    before = datalab_window.open(path)
    after = datalab_window.open(tmp_path / "again.h5")

    for item in before.items():
        # Dates are written as text: DataLab's own dates depend on the time zone.
        item.metadata = {key: _dated(value) for key, value in item.metadata.items()}
    for item in after.items():
        item.metadata.pop(SIDECAR, None)
    expected, found = dataclasses.asdict(before), dataclasses.asdict(after)
    assert not list(value_differences(expected, found, "project"))


def _dated(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value
