"""The rules of values: copies, views and supported types."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from datalab_workspace.testing.comparison import as_stored, assert_same
from datalab_workspace.testing.samples import OBJECTS
from datalab_workspace.testing.samples.images import image, pixels, spot
from datalab_workspace.testing.samples.signals import gaussian, signal
from datalab_workspace.testing.suite import WorkspaceSuite
from datalab_workspace.workspace import Workspace


def arrays_of(obj: Any) -> list[np.ndarray[Any, Any]]:
    """Return the arrays of a sigima object, not copies."""
    names = ("xydata",) if hasattr(obj, "xydata") else ("data", "xcoords", "ycoords")
    return [array for n in names if (array := getattr(obj, n)) is not None]


class Snapshots(WorkspaceSuite):
    """`add` stores a snapshot; `get` returns one."""

    def test_changing_the_argument_changes_nothing(self, workspace: Workspace) -> None:
        """Neither data nor nested metadata is shared."""
        obj = spot()
        obj.metadata |= {"list": [1, [2]], "array": np.arange(3)}
        before = as_stored(obj, "x")
        workspace.add("x", obj)
        obj.data[:] = 0
        obj.xlabel = "changed"
        obj.metadata["list"][1].append(3)
        obj.metadata["array"][0] = 7
        obj.metadata["more"] = 1
        assert_same(before, workspace.get("x"))
        assert_same(before, self.settle(workspace).get("x"))

    def test_changing_a_result_changes_nothing(self, workspace: Workspace) -> None:
        """The object is writable, and can be added again."""
        obj = gaussian()
        obj.metadata |= {"list": [1, [2]], "array": np.arange(3)}
        before = as_stored(obj, "x")
        workspace.add("x", obj)
        workspace = self.settle(workspace)
        got = workspace.get("x")
        got.xydata[1] = -1
        got.metadata["list"][1].append(3)
        got.metadata["array"][0] = 7
        got.metadata.pop("array")
        got.xlabel = "changed"
        assert_same(before, workspace.get("x"))
        workspace.add("x", got, overwrite=True)
        assert_same(got, self.settle(workspace).get("x"))

    def test_regions_of_a_result_are_its_own(self, workspace: Workspace) -> None:
        """Changing a region of one object changes no other."""
        obj = OBJECTS["image-roi-rectangle"]()
        before = as_stored(obj, "x")
        workspace.add("x", obj)
        workspace = self.settle(workspace)
        got = workspace.get("x")
        got.roi.single_rois[0].title = "changed"
        got.roi.single_rois[0].coords[:] = 1
        got.sync_roi_to_metadata()
        assert_same(before, workspace.get("x"))

    def test_two_gets_share_nothing(self, workspace: Workspace) -> None:
        """This holds even without a change."""
        workspace.add("x", spot())
        workspace = self.settle(workspace)
        first, second = workspace.get("x"), workspace.get("x")
        assert first is not second
        assert first.metadata is not second.metadata
        for pair in zip(arrays_of(first), arrays_of(second), strict=True):
            assert not np.shares_memory(*pair)
            assert all(array.flags.writeable for array in pair)

    def test_a_masked_object_is_its_own(self, workspace: Workspace) -> None:
        """The mask and the masked data are copied."""
        obj = OBJECTS["image-masked"]()
        before = as_stored(obj, "x")
        workspace.add("x", obj)
        obj.data[0, 0] = np.ma.masked
        obj.data.data[:] = 0
        workspace = self.settle(workspace)
        got = workspace.get("x")
        got.data[2, 2] = np.ma.masked
        got.data[1, 1] = 5
        assert_same(before, workspace.get("x"))


class Views(WorkspaceSuite):
    """With ``copy=False``, objects share memory."""

    def test_views_are_read_only(self, workspace: Workspace) -> None:
        """An object that `get` returns without a copy is read-only."""
        obj = image(pixels("f8"), xcoords=np.arange(4.0), ycoords=np.arange(3.0))
        obj.is_uniform_coords = False
        workspace.add("x", obj)
        workspace = self.settle(workspace)
        view = workspace.get("x", copy=False)
        assert_same(as_stored(obj, "x"), view)
        for array in arrays_of(view):
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
        assert_same(as_stored(obj, "x"), workspace.get("x"))

    def test_a_masked_view_is_read_only(self, workspace: Workspace) -> None:
        """The mask is read-only too."""
        obj = OBJECTS["image-masked"]()
        workspace.add("x", obj)
        workspace = self.settle(workspace)
        view = workspace.get("x", copy=False)
        assert_same(as_stored(obj, "x"), view)
        with pytest.raises(ValueError, match="read-only"):
            view.data[0, 0] = 1.0
        with pytest.raises(ValueError, match="read-only"):
            view.data[0, 0] = np.ma.masked
        assert_same(as_stored(obj, "x"), workspace.get("x"))

    @pytest.mark.parametrize("make", [gaussian, spot, OBJECTS["image-masked"]])
    def test_one_memory_holds_it(self, workspace: Workspace, make: Any) -> None:
        """`add(copy=False)` and `get(copy=False)` use the same array."""
        obj = make()
        workspace.add("x", obj, copy=False)
        views = workspace.get("x", copy=False), workspace.get("x", copy=False)
        shared = workspace.capabilities.shares_views
        for ours, *others in zip(*map(arrays_of, (obj, *views)), strict=True):
            assert all(
                np.shares_memory(ours, o) == (shared and ours.size > 0) for o in others
            )
        own = workspace.get("x")
        assert not np.shares_memory(arrays_of(obj)[0], arrays_of(own)[0])
        assert_same(as_stored(obj, "x"), own)

    def test_an_array_is_not_copied_either(self, workspace: Workspace) -> None:
        """The array stays writable for the caller."""
        data = pixels("f4")
        workspace.add("x", data, copy=False)
        view = workspace.get("x", copy=False)
        shares = workspace.capabilities.shares_views
        assert np.shares_memory(data, view.data) == shares
        data[0, 0] = 5  # allowed by NumPy, though the caller promised not to

    def test_metadata_is_copied_all_the_same(self, workspace: Workspace) -> None:
        """It is copied by both `add` and `get`."""
        obj = gaussian()
        obj.metadata["array"] = np.arange(3)
        workspace.add("x", obj, copy=False)
        obj.metadata["array"][0] = 9
        view = workspace.get("x", copy=False)
        assert view.metadata["array"][0] == 0
        view.metadata["array"][1] = 9
        assert self.settle(workspace).get("x").metadata["array"][1] == 1

    def test_a_view_outlives_what_it_views(self, workspace: Workspace) -> None:
        """Removing or replacing an object does not change its views."""
        workspace.add("x", spot())
        view = workspace.get("x", copy=False)
        expected = as_stored(spot(), "x")
        workspace.add("x", pixels(), overwrite=True)
        workspace.clear()
        assert_same(expected, view)

    def test_a_record_is_a_view(self, workspace: Workspace) -> None:
        """It has the properties of the object, and is read-only."""
        obj = spot()
        workspace.add("x", obj)
        workspace = self.settle(workspace)
        record = workspace.record("x")
        assert (record.kind, record.title, record.shape) == ("image", "x", (24, 32))
        data = record.array("data")
        assert data is not None
        assert np.array_equal(data, obj.data)
        record.metadata["new"] = 1
        record.fields["title"] = "changed"
        if isinstance(record.arrays["data"], np.ndarray):
            assert not data.flags.writeable
        assert_same(as_stored(obj, "x"), workspace.get("x"))


class AcceptedValues(WorkspaceSuite):
    """The accepted types: signals, images, arrays and pairs of arrays."""

    @pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f2", "f4", "f8", ">f8", "c16"])
    def test_a_one_dimensional_array_is_a_signal(
        self, workspace: Workspace, dtype: str
    ) -> None:
        """The x of the signal counts from 0."""
        workspace.add("x", np.arange(4).astype(dtype))
        made = np.complex128 if dtype[0] == "c" else np.float64
        y = np.arange(4).astype(dtype).astype(made)
        expected = signal(np.array([np.arange(4), y]), title="x")
        assert_same(expected, self.settle(workspace).get("x"))

    @pytest.mark.parametrize("dtype", ["?", "u1", "u2", "i8", "f2", "f4", ">f8", "c16"])
    def test_a_two_dimensional_array_is_an_image(
        self, workspace: Workspace, dtype: str
    ) -> None:
        """The pixels keep their dtype."""
        workspace.add("x", pixels(dtype))
        expected = image(pixels(dtype), title="x")
        assert_same(expected, self.settle(workspace).get("x"))

    @pytest.mark.parametrize(
        "pair",
        [
            (np.array([1.0, 3.0]), np.array([2.0, 4.0])),
            ([1, 3], [2, 4]),
            (np.array([1, 3], "u1"), np.array([2, 4], "f4")),
            (range(1, 4, 2), (2.0, 4.0)),
        ],
    )
    def test_a_pair_is_a_signal(self, workspace: Workspace, pair: Any) -> None:
        """The pair consists of two sequences of numbers, x and y."""
        workspace.add("x", pair)
        expected = signal(np.array([[1.0, 3.0], [2.0, 4.0]]), title="x")
        assert_same(expected, self.settle(workspace).get("x"))

    def test_masks_of_arrays_are_kept(self, workspace: Workspace) -> None:
        """Masks of an image and of the y of a signal are kept."""
        y = np.ma.MaskedArray([1.0, 2.0, 3.0], mask=np.array([False, True, False]))
        workspace.add("y", y)
        workspace.add("xy", (np.arange(3), y))
        workspace.add("z", np.ma.MaskedArray(pixels(), mask=pixels() > 5))
        workspace = self.settle(workspace)
        for name in ("y", "xy"):
            mask = np.ma.getmaskarray(workspace.get(name).xydata)
            assert mask.tolist() == [[False] * 3, [False, True, False]]
        assert np.array_equal(workspace.get("z").data.mask, pixels() > 5)

    @pytest.mark.parametrize("array", [np.empty(0), np.empty((0, 3)), np.empty((3, 0))])
    def test_an_array_may_be_empty(self, workspace: Workspace, array: Any) -> None:
        """The signal or image has no points."""
        workspace.add("x", array)
        workspace = self.settle(workspace)
        assert workspace.describe("x").shape == array.shape
        workspace.add("x", array)

    def test_arrays_share_no_memory(self, workspace: Workspace) -> None:
        """The arrays of a pair share no memory either."""
        x, y, z = np.arange(3.0), np.arange(3.0), np.zeros((2, 2))
        workspace.add("y", y)
        workspace.add("xy", (x, y))
        workspace.add("z", z)
        x[:] = y[:] = 9
        z[:] = 9
        workspace = self.settle(workspace)
        assert workspace.get("y").y.tolist() == [0, 1, 2]
        assert workspace.get("xy").xydata.tolist() == [[0, 1, 2], [0, 1, 2]]
        assert not workspace.get("z").data.any()


class UntouchedArguments(WorkspaceSuite):
    """`add` leaves its argument as it was."""

    @pytest.mark.parametrize("share", [False, True], ids=["copy", "view"])
    @pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
    def test_the_argument_stays_as_it_was(
        self, workspace: Workspace, make: Any, share: bool
    ) -> None:
        """Data, metadata, array flags and the ROI of the argument stay the same."""
        obj, twin = make(), copy.deepcopy(make())
        arrays = arrays_of(obj)
        state = [(id(array), array.flags.writeable, array.base) for array in arrays]
        own = {id(value): type(value) for value in obj.metadata.values()}
        roi_in_metadata = repr(obj.metadata.get("_roi_"))
        workspace.add("x", obj, copy=not share)
        assert repr(obj.metadata.get("_roi_")) == roi_in_metadata
        assert {id(v): type(v) for v in obj.metadata.values()} == own
        now = arrays_of(obj)
        assert [(id(a), a.flags.writeable, a.base) for a in now] == state
        assert_same(twin, obj, what="the argument")


class ValueRules(Snapshots, Views, AcceptedValues):
    """The rules of values that depend on the backend."""
