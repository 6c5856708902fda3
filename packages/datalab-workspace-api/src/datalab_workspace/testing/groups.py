"""The rules of groups and of changes in place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.model.description import GroupInfo
from datalab_workspace.testing.comparison import (
    as_stored,
    assert_same,
    own_metadata,
)
from datalab_workspace.testing.names import POINTS, numbered
from datalab_workspace.testing.samples.images import image, pixels, spot
from datalab_workspace.testing.samples.items import with_items
from datalab_workspace.testing.samples.metadata import DEMOTED
from datalab_workspace.testing.samples.signals import gaussian
from datalab_workspace.testing.suite import WorkspaceSuite
from datalab_workspace.workspace import Workspace


def _region(region_type: str, coords: list[float], **more: Any) -> dict[str, Any]:
    return {"single_rois": [{"type": region_type, "coords": coords, **more}]}


class Groups(WorkspaceSuite):
    """Objects are in groups, as DataLab shows them."""

    def test_without_a_choice_there_is_one_group_per_panel(
        self, workspace: Workspace
    ) -> None:
        """The group is created with the first object."""
        workspace.add("a", POINTS)
        workspace.add("b", pixels())
        workspace.add("c", POINTS)
        workspace = self.settle(workspace)
        found = [(group.kind, group.names) for group in workspace.groups()]
        assert found == [("signal", ("a", "c")), ("image", ("b",))]

    def test_groups_of_choice(
        self, workspace: Workspace, capabilities: Capabilities
    ) -> None:
        """New groups come last in their panel. Groups order the objects."""
        if not capabilities.groups:
            self.test_without_a_choice_there_is_one_group_per_panel(workspace)
            return
        workspace.add("a", POINTS, group="raw")
        workspace.add("b", POINTS, group="r\u00e9sultats / 1")
        workspace.add("c", pixels(), group="raw")
        workspace.add("d", POINTS, group="raw")
        workspace.add("e", POINTS)
        workspace = self.settle(workspace)
        assert workspace.groups() == [
            GroupInfo("signal", "raw", ("a", "d", "e")),
            GroupInfo("signal", "r\u00e9sultats / 1", ("b",)),
            GroupInfo("image", "raw", ("c",)),
        ]
        assert workspace.groups("image") == workspace.groups()[2:]
        assert workspace.list() == ["a", "d", "e", "b", "c"]
        assert workspace.list(group="raw") == ["a", "d", "e", "c"]
        assert workspace.list("signal", group="raw") == ["a", "d", "e"]
        assert workspace.describe("b").group == "r\u00e9sultats / 1"

    def test_overwriting_stays_in_the_group(
        self, workspace: Workspace, capabilities: Capabilities
    ) -> None:
        """Another group is used only if it is named."""
        if not capabilities.groups or not capabilities.in_place_overwrite:
            workspace.add("a", POINTS)
            workspace.add("a", POINTS + 1, overwrite=True)
            assert self.settle(workspace).list() == ["a"]
            return
        workspace.add("a", POINTS, group="one")
        workspace.add("b", POINTS, group="one")
        workspace.add("c", POINTS, group="two")
        uuid = workspace.describe("a").uuid
        workspace.add("a", POINTS + 1, overwrite=True)
        workspace = self.settle(workspace)
        assert [group.names for group in workspace.groups()] == [("a", "b"), ("c",)]
        workspace.add("a", POINTS + 2, overwrite=True, group="two")
        workspace = self.settle(workspace)
        assert [group.names for group in workspace.groups()] == [("b",), ("c", "a")]
        assert workspace.describe("a").uuid == uuid

    def test_an_equal_object_stays_in_its_group(
        self, workspace: Workspace, capabilities: Capabilities
    ) -> None:
        """Adding it again moves nothing, even with another group."""
        if not capabilities.groups:
            return self.test_without_a_choice_there_is_one_group_per_panel(workspace)
        workspace.add("a", POINTS, group="one")
        workspace.add("b", POINTS, group="two")
        workspace.add("a", POINTS, group="two")
        found = self.settle(workspace).groups()
        assert [group.names for group in found] == [("a",), ("b",)]
        return None

    @pytest.mark.parametrize("title", ["", "  ", "s001", "a/b", "caf\u00e9", "g" * 300])
    def test_any_title_of_a_group(
        self, workspace: Workspace, capabilities: Capabilities, title: str
    ) -> None:
        """The title is kept, or refused by a backend without groups."""
        if not capabilities.groups:
            with pytest.raises(NotImplementedError, match="group"):
                workspace.add("x", POINTS, group=title)
            return
        workspace.add("first", POINTS, group="first")
        workspace.add("x", POINTS, group=title)
        workspace = self.settle(workspace)
        assert [group.title for group in workspace.groups()] == ["first", title]


class Edits(WorkspaceSuite):
    """`edit` changes an object in place."""

    def test_it_sets_fields_and_metadata(self, workspace: Workspace) -> None:
        """Nothing else changes."""
        obj = spot()
        obj.metadata |= {"keep": [1], "change": 1}
        workspace.add("first", POINTS)
        workspace.add("x", obj)
        workspace = self.settle(workspace)
        before = workspace.describe("x")
        workspace.edit(
            "x",
            xlabel="\u03bb",
            yunit=None,
            zscalemax=5,
            x0=np.float32(0.5),
            autoscale=False,
            metadata={"change": (2,), "new/key": None},
        )
        workspace = self.settle(workspace)
        expected = with_items(
            as_stored(obj, "x"),
            xlabel="\u03bb",
            yunit=None,
            zscalemax=5.0,
            x0=0.5,
            autoscale=False,
        )
        expected.metadata |= {"change": (2,), "new/key": None}
        assert_same(expected, workspace.get("x"))
        after = workspace.describe("x")
        assert after.short_id == before.short_id
        if workspace.capabilities.tells_apart:
            assert after.uuid == before.uuid

    def test_it_replaces_the_regions(self, workspace: Workspace) -> None:
        """A ROI of sigima and its dict are the same; None removes all regions."""
        from sigima.objects import create_image_roi, create_signal_roi

        workspace.add("signal", POINTS)
        workspace.add("image", spot())
        segments = create_signal_roi([[0.5, 1.5], [2, 3]], title="part")
        polygon = create_image_roi("polygon", [0, 0, 4, 0, 2, 3.5], inverse=True)
        workspace.edit("signal", roi=segments, xlabel="time")
        workspace.edit("image", roi=polygon.to_dict())
        assert workspace.describe("image").roi_count == 1
        workspace = self.settle(workspace)
        assert workspace.get("signal").roi == segments
        assert workspace.get("signal").roi[1].title == "part"
        assert workspace.get("signal").xlabel == "time"
        assert workspace.get("image").roi == polygon
        assert workspace.get("image").roi[0].inverse
        rest = workspace.record("image", data=False)
        assert (rest.array("data"), len(rest.metadata["_roi_"]["single_rois"])) == (
            None,
            1,
        )
        workspace.edit("image", roi=None)
        workspace.edit("image", roi=None)
        assert workspace.describe("image").roi_count == 0
        assert self.settle(workspace).get("image").roi is None

    def test_metadata_is_copied(self, workspace: Workspace) -> None:
        """The argument can be changed afterwards."""
        workspace.add("x", POINTS)
        values = [1, 2]
        workspace.edit("x", metadata={"values": values})
        values.append(3)
        assert self.settle(workspace).get("x").metadata["values"] == [1, 2]

    def test_it_changes_what_equality_sees(self, workspace: Workspace) -> None:
        """The object differs from the one that was added."""
        workspace.add("x", numbered(1))
        workspace.edit("x", xlabel="t")
        workspace = self.settle(workspace)
        with pytest.raises(ValueError, match="overwrite=True"):
            workspace.add("x", numbered(1))

    def test_it_changes_no_uuid(self, workspace: Workspace) -> None:
        """The identity of an object is not part of its metadata."""
        workspace.add("x", POINTS)
        uuid = workspace.describe("x").uuid
        workspace.edit("x", metadata={"__uuid": "other", "__number": 5})
        assert workspace.describe("x").uuid == uuid
        workspace = self.settle(workspace)
        assert not workspace.get("x").metadata.keys() & {"__uuid", "__number"}

    def test_views_do_not_change(self, workspace: Workspace) -> None:
        """A view shows the object as it was before the change."""
        workspace.add("x", image(pixels()))
        view = workspace.get("x", copy=False)
        workspace.edit("x", xlabel="new", metadata={"a": 1})
        assert (view.xlabel, own_metadata(view)) == ("", {})

    @pytest.mark.parametrize(("value", "kept"), DEMOTED.values(), ids=DEMOTED)
    def test_values_lose_classes_of_their_own(
        self, workspace: Workspace, value: Any, kept: Any
    ) -> None:
        """An instance of a subclass is stored as its base class."""
        workspace.add("x", POINTS)
        workspace.edit("x", metadata={"key": value})
        assert type(workspace.get("x").metadata["key"]) is type(kept)
        assert own_metadata(self.settle(workspace).get("x")) == {"key": kept}


class RefusedEdits(WorkspaceSuite):
    """Groups and fields that a workspace refuses before it asks its backend."""

    @pytest.mark.parametrize("group", [1, b"x", ["x"]])
    def test_a_string_names_a_group(self, workspace: Workspace, group: Any) -> None:
        """Any other type raises an error."""
        with pytest.raises(TypeError, match="group"):
            workspace.add("x", POINTS, group=group)
        assert workspace.list() == []

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"xlabell": "a"}, "did you mean 'xlabel'"),
            ({"zlabel": "a"}, "'[xy]label'"),
            ({"data": POINTS}, "no argument 'data'"),
            ({"title": "a"}, "rename"),
            ({"xlabel": 5}, "xlabel of 'x'"),
            ({"autoscale": "yes"}, "autoscale of 'x'"),
            ({"autoscale": None}, "autoscale of 'x'"),
            ({"yscalemin": "low"}, "yscalemin of 'x'"),
            ({"yscalemin": True}, "yscalemin of 'x'"),
            ({"metadata": {"a": object()}}, "'a'"),
            ({"metadata": 5}, "metadata"),
            ({"metadata": ["a"]}, "metadata"),
        ],
    )
    def test_a_wrong_field_changes_nothing(
        self, workspace: Workspace, fields: dict[str, Any], reason: str
    ) -> None:
        """The valid fields of the same call do not change either."""
        obj = gaussian()
        workspace.add("x", obj)
        workspace = self.settle(workspace)
        with pytest.raises(TypeError, match=reason):
            workspace.edit("x", **{"yunit": "new", "metadata": {"k": 1}} | fields)
        with pytest.raises(TypeError, match=reason):
            workspace.edit("x", **fields | {"yunit": "new"})
        assert_same(as_stored(obj, "x"), self.settle(workspace).get("x"))

    @pytest.mark.parametrize(
        ("roi", "error", "reason"),
        [
            (5, TypeError, "roi of 'x': expected a SignalROI"),
            ({"single_rois": [5]}, TypeError, "a dict for each region"),
            ({"rois": []}, ValueError, "single_rois"),
            (_region("CircularROI", [1, 2, 3]), ValueError, "not of the type"),
            (_region("SegmentROI", [1, 2, 3]), ValueError, "are 2 numbers"),
            (_region("SegmentROI", [1, np.nan]), ValueError, "are 2 numbers"),
            (_region("SegmentROI", [2, 2]), ValueError, "has no length"),
            (_region("SegmentROI", [1, 2], inverse=True), ValueError, "inverse"),
        ],
    )
    def test_a_wrong_region_changes_nothing(
        self, workspace: Workspace, roi: Any, error: type[Exception], reason: str
    ) -> None:
        """The fields of the same call do not change either."""
        workspace.add("x", POINTS)
        with pytest.raises(error, match=reason):
            workspace.edit("x", roi=roi, xlabel="new")
        assert workspace.get("x").xlabel == ""
        assert workspace.get("x").roi is None


class GroupRules(Groups, Edits):
    """The rules of groups and of changes in place that depend on the backend."""
