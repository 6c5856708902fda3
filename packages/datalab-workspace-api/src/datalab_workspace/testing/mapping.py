"""The rules of the mapping protocol: a workspace works like a dict."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from datalab_workspace.testing.comparison import as_stored, assert_same
from datalab_workspace.testing.names import POINTS, number_of, numbered
from datalab_workspace.testing.samples.images import pixels, spot
from datalab_workspace.testing.samples.items import with_items
from datalab_workspace.testing.samples.signals import gaussian
from datalab_workspace.testing.suite import WorkspaceSuite
from datalab_workspace.workspace import Workspace


class Mapping(WorkspaceSuite):
    """The keys are names, and the values are objects."""

    def test_an_empty_workspace(self, workspace: Workspace) -> None:
        """It has no items, but is true."""
        assert len(workspace) == 0
        assert list(workspace) == workspace.list() == workspace.keys() == []
        assert list(workspace.values()) == list(workspace.items()) == []
        assert workspace
        assert workspace.describe() == ()
        assert repr(workspace.describe()) == "no objects"

    def test_keys_values_and_items(self, workspace: Workspace) -> None:
        """The order is the same for all: signals, then images."""
        workspace.add("image", spot())
        workspace.add("signal", gaussian())
        workspace = self.settle(workspace)
        names = ["signal", "image"]
        assert len(workspace) == 2
        assert list(workspace) == workspace.list() == workspace.keys() == names
        expected = [as_stored(gaussian(), "signal"), as_stored(spot(), "image")]
        for wanted, value in zip(expected, workspace.values(), strict=True):
            assert_same(wanted, value)
        found = dict(workspace.items())
        assert list(found) == names
        assert_same(expected[1], found["image"])

    def test_iterating_while_removing(self, workspace: Workspace) -> None:
        """An iterator has its own list of names."""
        for number in range(5):
            workspace.add(f"n{number}", numbered(number))
        for name in workspace:
            workspace.remove(name)
        assert len(self.settle(workspace)) == 0

    def test_square_brackets(self, workspace: Workspace) -> None:
        """They add, overwrite, return and remove objects."""
        workspace["x"] = gaussian()
        workspace = self.settle(workspace)
        assert_same(as_stored(gaussian(), "x"), workspace["x"])
        assert_same(as_stored(gaussian(), "x"), workspace["s001"])
        workspace["x"] = pixels()
        assert workspace.list(kind="image") == ["x"]
        del workspace["x"]
        with pytest.raises(KeyError, match="no object 'x'"):
            del workspace["x"]
        assert len(self.settle(workspace)) == 0

    def test_square_brackets_complete_names(self, workspace: Workspace) -> None:
        """IPython completes names after ``ws["``."""
        workspace.add("a name", POINTS)
        complete: Any = workspace._ipython_key_completions_
        assert complete() == ["a name"]

    def test_pop_returns_what_it_removes(self, workspace: Workspace) -> None:
        """It returns an independent object, or a default."""
        workspace.add("x", spot())
        workspace.add("y", POINTS)
        workspace = self.settle(workspace)
        popped = workspace.pop("x")
        assert_same(as_stored(spot(), "x"), popped)
        popped.data[:] = 0
        assert workspace.list() == ["y"]
        assert workspace.pop("x", None) is None
        assert workspace.pop("x", default=5) == 5
        with pytest.raises(KeyError, match="no object 'x'"):
            workspace.pop("x")
        assert self.settle(workspace).list() == ["y"]

    def test_pop_takes_a_short_id_once(self, workspace: Workspace) -> None:
        """The next objects move up and stay."""
        for number in (1, 2, 3):
            workspace.add(f"n{number}", numbered(number))
        assert workspace.pop("s002").title == "n2"
        assert self.settle(workspace).list() == ["n1", "n3"]


class Removal(WorkspaceSuite):
    """`remove` removes all of several objects, or none."""

    def test_several_at_once(self, workspace: Workspace) -> None:
        """Short ids refer to the positions before the removal."""
        for number in range(5):
            workspace.add(f"n{number}", numbered(number))
        workspace = self.settle(workspace)
        workspace.remove("s001", "n3", workspace.describe("n4").uuid)
        workspace = self.settle(workspace)
        assert workspace.list() == ["n1", "n2"]
        assert number_of(workspace, "s002") == 2

    def test_one_that_is_missing_keeps_all(self, workspace: Workspace) -> None:
        """The position of the missing name does not matter."""
        workspace.add("a", POINTS)
        workspace.add("b", POINTS)
        workspace = self.settle(workspace)
        for names in (("a", "missing", "b"), ("missing", "a"), ("a", "b", "missing")):
            with pytest.raises(KeyError, match="'missing'"):
                workspace.remove(*names)
        assert self.settle(workspace).list() == ["a", "b"]

    def test_the_same_twice_is_once(self, workspace: Workspace) -> None:
        """Two keys of one object count once. No keys are allowed."""
        workspace.add("a", POINTS)
        workspace.add("b", POINTS)
        workspace.remove("a", "s001", "a")
        workspace.remove()
        assert self.settle(workspace).list() == ["b"]

    def test_clear_removes_everything(self, workspace: Workspace) -> None:
        """Names can be used again, and old UUIDs are gone."""
        workspace.add("a", numbered(1))
        workspace.add("b", pixels())
        uuid = workspace.describe("a").uuid
        workspace.clear()
        assert len(workspace) == 0
        assert not workspace.exists(uuid)
        workspace.add("a", numbered(2))
        workspace = self.settle(workspace)
        assert workspace.list() == ["a"]
        assert number_of(workspace, "a") == 2
        assert not workspace.exists(uuid)

    def test_clear_takes_all(self, workspace: Workspace) -> None:
        """The objects that another program added are removed as well."""
        self.bring(workspace, "A", "A")
        workspace.add("b", POINTS)
        workspace.clear(all=True)
        assert len(self.settle(workspace)) == 0


class Listing(WorkspaceSuite):
    """`list` and `describe` report the objects without reading data."""

    def test_list_selects(self, workspace: Workspace) -> None:
        """Objects are selected by kind and by case-sensitive pattern."""
        for name in ("fft(x)", "fft(y)", "FFT", "a[b]"):
            workspace.add(name, POINTS)
        workspace.add("fft image", pixels())
        workspace = self.settle(workspace)
        assert workspace.list("image") == ["fft image"]
        assert workspace.list(pattern="fft*") == ["fft(x)", "fft(y)", "fft image"]
        assert workspace.list(kind="signal", pattern="fft(?)") == ["fft(x)", "fft(y)"]
        assert workspace.list(pattern="a[[]b]") == ["a[b]"]
        assert workspace.list(pattern="nothing*") == []

    def test_a_list_is_its_own(self, workspace: Workspace) -> None:
        """Changing the list does not change the workspace."""
        workspace.add("x", POINTS)
        workspace.list().clear()
        assert workspace.list() == ["x"]

    def test_describe_reports_all_but_the_data(self, workspace: Workspace) -> None:
        """It reports shape, dtype, labels, units, counts, group and ids."""
        obj = with_items(spot(), xlabel="lambda", yunit="mm", zlabel=None)
        obj.metadata |= {
            "Geometry_a_dict": {"x": 1},
            "Table_b_dict": {},
            "Geometry_c": 1,
            "_roi_": {"single_rois": [_circle(), _circle()]},
        }
        workspace.add("x", obj)
        workspace.add("y", gaussian())
        workspace = self.settle(workspace)
        found = workspace.describe("x")
        assert (found.name, found.title, found.kind) == ("x", "x", "image")
        assert (found.shape, found.dtype) == ((24, 32), np.dtype("u2"))
        assert (found.xlabel, found.yunit, found.zlabel) == ("lambda", "mm", "")
        assert (found.roi_count, found.result_count) == (2, 2)
        assert (found.short_id, found.nbytes) == ("i001", 24 * 32 * 2)
        assert found.uuid == workspace.record("x").uuid
        other = workspace.describe("y")
        assert (other.kind, other.shape, other.dtype) == (
            "signal",
            (61,),
            np.dtype("f8"),
        )
        assert (other.roi_count, other.result_count, other.short_id) == (0, 0, "s001")

    def test_descriptions_are_frozen_and_equal(self, workspace: Workspace) -> None:
        """Descriptions of an object are equal. Their order is that of `list`."""
        workspace.add("x", spot())
        workspace.add("y", gaussian())
        workspace = self.settle(workspace)
        listing = workspace.describe()
        assert listing == workspace.describe()
        assert [item.name for item in listing] == workspace.list()
        assert listing[0] == workspace.describe("y")
        with pytest.raises(AttributeError):
            listing[0].name = "z"  # type: ignore[misc]
        text = repr(listing)
        assert text.splitlines()[0].split() == [
            "s001",
            "'y'",
            "signal",
            "61",
            "float64",
        ]
        assert "24 \N{MULTIPLICATION SIGN} 32" in text

    def test_empty_objects_have_no_shape(self, workspace: Workspace) -> None:
        """They have no dtype either."""
        from sigima import ImageObj, SignalObj

        workspace.add("signal", SignalObj())
        workspace.add("image", ImageObj())
        workspace = self.settle(workspace)
        for found in workspace.describe():
            assert (found.shape, found.dtype, found.nbytes) == ((), None, 0)
        assert "empty" in repr(workspace.describe())

    def test_descriptions_make_a_table(self, workspace: Workspace) -> None:
        """The table is a pandas DataFrame, indexed by name."""
        workspace.add("x", spot())
        workspace.add("y", gaussian())
        table = self.settle(workspace).describe().to_dataframe()
        assert list(table.index) == ["y", "x"]
        assert table.loc["x", "shape"] == (24, 32)
        assert len(workspace.describe("x").to_dataframe()) == 1

    def test_status_counts(self, workspace: Workspace) -> None:
        """The repr has the same numbers."""
        workspace.add("a", POINTS)
        workspace.add("b", POINTS)
        workspace.add("c", pixels())
        workspace = self.settle(workspace)
        status = workspace.status()
        assert (status.signals, status.images) == (2, 1)
        assert status.mode == workspace.mode
        assert repr(workspace).startswith(f"<Workspace {workspace.mode}")
        assert "2 signals, 1 image" in repr(workspace)


def _circle() -> dict[str, Any]:
    return {
        "coords": np.array([5.0, 5.0, 2.0]),
        "indices": False,
        "title": "",
        "type": "CircularROI",
        "inverse": False,
    }


class MappingRules(Mapping, Removal, Listing):
    """All rules of the mapping protocol."""
