"""The rules of conflicts: names in use, and overwriting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.testing.comparison import as_stored, assert_same
from datalab_workspace.testing.names import POINTS, number_of, numbered
from datalab_workspace.testing.samples import OBJECTS
from datalab_workspace.testing.samples.images import image, pixels, spot
from datalab_workspace.testing.suite import WorkspaceSuite
from datalab_workspace.workspace import Workspace

DIFFERENCES: dict[str, Any] = {
    "data": lambda obj: obj.data.__setitem__((0, 0), 12345),
    "dtype": lambda obj: setattr(obj, "data", obj.data.astype("i4")),
    "shape": lambda obj: setattr(obj, "data", obj.data[1:]),
    "mask": lambda obj: setattr(obj, "data", np.ma.MaskedArray(obj.data)),
    "label": lambda obj: setattr(obj, "xlabel", "other"),
    "unit": lambda obj: setattr(obj, "zunit", "other"),
    "origin": lambda obj: setattr(obj, "x0", 0.5),
    "pixel size": lambda obj: setattr(obj, "dy", 0.5),
    "coordinates": lambda obj: obj.set_coords(np.arange(32.0), np.arange(24.0)),
    "lut": lambda obj: setattr(obj, "zscalemin", 3.0),
    "logarithm": lambda obj: setattr(obj, "xscalelog", True),
    "annotations": lambda obj: obj.set_annotations([{"type": "label"}]),
    "metadata": lambda obj: obj.metadata.__setitem__("note", 1),
    "private metadata": lambda obj: obj.metadata.__setitem__("_note", 1),
    "less metadata": lambda obj: obj.metadata.pop("list"),
    "type of metadata": lambda obj: obj.metadata.__setitem__("list", (1, 2)),
    "value of metadata": lambda obj: obj.metadata["list"].append(3),
    "roi": lambda obj: obj.roi.single_rois[0].coords.__setitem__(0, 2.0),
    "inverse roi": lambda obj: setattr(obj.roi.single_rois[0], "inverse", True),
    "no roi": lambda obj: setattr(obj, "roi", None),
    "result": lambda obj: obj.metadata.__setitem__("Geometry_x_dict", {"a": 1}),
}


IRRELEVANT: dict[str, Any] = {
    "title": lambda obj: setattr(obj, "title", "other"),
    "uuid": lambda obj: obj.metadata.__setitem__("__uuid", "other"),
    "number": lambda obj: obj.metadata.__setitem__("__number", 7),
    "colormap": lambda obj: obj.metadata.__setitem__("__colormap", "gray"),
    "autoscale": lambda obj: setattr(obj, "autoscale", False),
    "bounds": lambda obj: setattr(obj, "zscalemax", None),
}


class Conflicts(WorkspaceSuite):
    """A name is used once. The same object may be added again."""

    @pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
    def test_an_equal_object_changes_nothing(
        self, workspace: Workspace, make: Any
    ) -> None:
        """A notebook can run twice, before and after a restart."""
        for name in ("before", "x", "after"):
            workspace.add(name, make())
        described = workspace.describe()
        workspace.add("x", make())
        assert workspace.describe() == described
        workspace = self.settle(workspace)
        described = workspace.describe()
        assert workspace.add("x", make()) == "x"
        assert workspace.add("x", workspace.get("x")) == "x"
        assert workspace.add("x", workspace.get("x", copy=False)) == "x"
        assert workspace.describe() == described
        assert self.settle(workspace).list() == ["before", "x", "after"]

    @pytest.mark.parametrize("change", DIFFERENCES.values(), ids=DIFFERENCES)
    def test_a_different_object_is_refused(
        self, workspace: Workspace, change: Any
    ) -> None:
        """Any difference counts. The workspace does not change."""
        obj = OBJECTS["image-roi-rectangle"]()
        obj.metadata["list"] = [1, 2]
        stored = as_stored(obj, "x")
        workspace.add("x", obj)
        workspace = self.settle(workspace)
        change(obj)
        with pytest.raises(ValueError, match=r"'x'.*overwrite=True"):
            workspace.add("x", obj)
        assert_same(stored, self.settle(workspace).get("x"))

    @pytest.mark.parametrize("change", IRRELEVANT.values(), ids=IRRELEVANT)
    def test_what_is_only_shown_makes_no_difference(
        self, workspace: Workspace, change: Any
    ) -> None:
        """Display options and bounds that an object does not set are ignored."""
        obj = spot()
        obj.metadata["__colormap"] = "viridis"
        obj.zscalemax = 7.0
        stored = as_stored(obj, "x")
        workspace.add("x", obj)
        workspace = self.settle(workspace)
        change(obj)
        workspace.add("x", obj)
        assert_same(stored, self.settle(workspace).get("x"))

    def test_another_kind_is_different(self, workspace: Workspace) -> None:
        """The error names the kind of the existing object."""
        workspace.add("x", POINTS)
        with pytest.raises(ValueError, match="signal"):
            workspace.add("x", pixels())


class Overwriting(WorkspaceSuite):
    """``overwrite=True`` replaces an object."""

    @pytest.mark.parametrize("positional", [False, True])
    def test_it_keeps_position_and_uuid(
        self, workspace: Workspace, capabilities: Capabilities, positional: bool
    ) -> None:
        """Position and UUID stay if the backend can keep them."""
        for number, name in enumerate("abc"):
            workspace.add(name, numbered(number))
        workspace = self.settle(workspace)
        before = workspace.describe("b")
        if positional:  # as users of the earlier package wrote it
            add: Any = workspace.add
            with pytest.deprecated_call(match="overwrite=True"):
                add("b", numbered(7), True)
        else:
            assert workspace.add("b", numbered(7), overwrite=True) == "b"
        workspace = self.settle(workspace)
        assert number_of(workspace, "b") == 7
        assert sorted(workspace.list()) == ["a", "b", "c"]
        if capabilities.in_place_overwrite:
            assert workspace.list() == ["a", "b", "c"]
            assert workspace.describe("b") == before

    def test_assignment_overwrites(self, workspace: Workspace) -> None:
        """An assignment to a new name adds the object."""
        workspace["x"] = numbered(1)
        workspace["x"] = numbered(2)
        workspace = self.settle(workspace)
        assert workspace.list() == ["x"]
        assert number_of(workspace, "x") == 2

    def test_nothing_of_the_old_object_stays(self, workspace: Workspace) -> None:
        """Metadata, labels and regions of the old object are removed."""
        workspace.add("x", OBJECTS["image-results"]())
        workspace.edit("x", xlabel="old", zscalemin=1.0)
        workspace = self.settle(workspace)
        new = image(pixels())
        workspace.add("x", new, overwrite=True)
        assert_same(as_stored(new, "x"), self.settle(workspace).get("x"))

    def test_it_may_change_the_kind(
        self, workspace: Workspace, capabilities: Capabilities
    ) -> None:
        """The object moves to the other panel."""
        workspace.add("x", POINTS)
        workspace.add("image", pixels())
        uuid = workspace.describe("x").uuid
        workspace.add("x", pixels("f8"), overwrite=True)
        workspace = self.settle(workspace)
        assert workspace.list() == ["image", "x"]
        assert workspace.describe("x").short_id == "i002"
        if capabilities.in_place_overwrite:
            assert workspace.describe("x").uuid == uuid
        workspace.add("x", POINTS, overwrite=True)
        assert self.settle(workspace).list(kind="signal") == ["x"]

    def test_an_equal_object_overwrites_too(self, workspace: Workspace) -> None:
        """This changes the display options."""
        obj = spot()
        obj.metadata["__colormap"] = "viridis"
        workspace.add("x", obj)
        obj.metadata["__colormap"] = "gray"
        workspace.add("x", obj, overwrite=True)
        assert self.settle(workspace).get("x").metadata["__colormap"] == "gray"

    def test_a_new_name_may_be_overwritten(self, workspace: Workspace) -> None:
        """Overwriting an unused name adds the object."""
        workspace.add("x", POINTS, overwrite=True)
        assert self.settle(workspace).list() == ["x"]


class Notebook(WorkspaceSuite):
    """A notebook can run twice, before and after a restart."""

    def run(self, workspace: Workspace) -> None:
        """Run the cells of a notebook."""
        import sigima.params
        import sigima.proc.image as proc

        workspace.add("i042", spot())
        img = workspace.get("i042")
        param = sigima.params.GaussianParam.create(sigma=1.5)
        workspace.add("filtered_i042", proc.gaussian_filter(img, param))
        workspace.add("noise", (np.arange(5), np.arange(5) ** 2))

    def test_it_leaves_the_same(self, workspace: Workspace) -> None:
        """Names, positions and, if the backend knows them, UUIDs stay."""
        self.run(workspace)
        workspace = self.settle(workspace)
        before = workspace.describe()
        self.run(workspace)
        assert workspace.describe() == before
        workspace = self.settle(workspace)
        if workspace.capabilities.tells_apart:
            assert workspace.describe() == before
        assert workspace.list() == ["noise", "i042", "filtered_i042"]

    def test_another_parameter_is_told(self, workspace: Workspace) -> None:
        """A result that has changed is different from the old one."""
        import sigima.params
        import sigima.proc.image as proc

        self.run(workspace)
        workspace = self.settle(workspace)
        param = sigima.params.GaussianParam.create(sigma=2.5)
        again = proc.gaussian_filter(workspace.get("i042"), param)
        with pytest.raises(ValueError, match="filtered_i042"):
            workspace.add("filtered_i042", again)


class ConflictRules(Conflicts, Overwriting, Notebook):
    """All rules of conflicts."""
