"""Rules for change events: one event a call, which names everything that changed."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.events import ChangeEvent, Origin
from datalab_workspace.testing.suite import WorkspaceSuite
from datalab_workspace.workspace import Workspace

POINTS = np.arange(4.0)
#: Seconds after which an event that was made elsewhere counts as lost.
_LOST = 30

Call = Callable[[Workspace], Any]


class EventRules(WorkspaceSuite):
    """The events that callbacks of `Workspace.on_change` receive."""

    def with_two_signals(self) -> Workspace:
        """Return a workspace with two signals, which has been looked at."""
        workspace = self.open_workspace()
        workspace.update({"a": POINTS, "b": POINTS + 1})
        assert workspace.list() == ["a", "b"]
        return workspace

    @pytest.mark.parametrize(
        ("call", "kind", "before", "after"),
        [
            (lambda ws: ws.add("c", POINTS), "added", [None], ["c"]),
            (lambda ws: ws.add("a", POINTS + 9, overwrite=True), "replaced", "a", "a"),
            (lambda ws: ws.edit("a", xlabel="t"), "edited", "a", "a"),
            (lambda ws: ws.edit("a", metadata={"k": 1}), "edited", "a", "a"),
            (lambda ws: ws.rename("a", "z"), "renamed", "a", "z"),
            (lambda ws: ws.remove("a", "b"), "removed", "ab", [None, None]),
            (lambda ws: ws.pop("b"), "removed", "b", [None]),
            (
                lambda ws: ws.update({"c": POINTS, "d": POINTS}),
                "added",
                [None, None],
                "cd",
            ),
            (
                lambda ws: ws.update({"a": POINTS + 5, "c": POINTS}),
                "changed",
                ["a", None],
                "ac",
            ),
            (lambda ws: ws.clear(all=True), "cleared", "ab", [None, None]),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_call_makes_one_event(
        self, call: Call, kind: str, before: Any, after: Any
    ) -> None:
        """It names the objects before and after, and their UUIDs."""
        workspace = self.with_two_signals()
        uuid_of = {found.name: found.uuid for found in workspace.describe()}
        events: list[ChangeEvent] = []
        with workspace.on_change(events.append):
            call(workspace)
        own = [event for event in events if event.origin is Origin.NOTEBOOK]
        (event,) = own
        assert event.kind == kind
        assert event.names_before == tuple(before)
        assert event.names_after == tuple(after)
        known = {**uuid_of, **{d.name: d.uuid for d in workspace.describe()}}
        if workspace.capabilities.in_place_overwrite:
            names = [b or a for b, a in zip(before, after, strict=True)]
            assert event.uuids == tuple(known[name] for name in names)

    @pytest.mark.parametrize(
        "call",
        [
            lambda ws: ws.add("a", POINTS),
            lambda ws: ws.rename("a", "a"),
            lambda ws: ws.edit("a"),
            lambda ws: ws.remove(),
            lambda ws: ws.update({}),
            lambda ws: ws.select("a"),
            lambda ws: (ws.get("a"), ws.describe(), ws.groups(), "a" in ws),
        ],
    )
    def test_a_call_that_changes_nothing_makes_none(self, call: Call) -> None:
        """Adding an equal object again is such a call."""
        workspace = self.with_two_signals()
        events: list[ChangeEvent] = []
        with workspace.on_change(events.append):
            call(workspace)
        assert events == []

    @pytest.mark.parametrize(
        "call",
        [
            lambda ws: ws.update({"c": POINTS, "d": "not an object"}),
            lambda ws: ws.update({"c": POINTS, "a": POINTS + 7}, overwrite=False),
            lambda ws: ws.update({"a": POINTS + 7, "c": POINTS, "d": object()}),
            lambda ws: ws.remove("a", "nothing"),
            lambda ws: ws.add("a", POINTS + 7),
        ],
    )
    def test_a_call_that_fails_changes_nothing(self, call: Call) -> None:
        """Its writes are undone, and no event reports them."""
        workspace = self.with_two_signals()
        before = [(d.name, d.uuid) for d in workspace.describe()]
        events: list[ChangeEvent] = []
        with (
            workspace.on_change(events.append),
            pytest.raises((TypeError, ValueError, KeyError)),
        ):
            call(workspace)
        assert events == []
        found = [(d.name, d.uuid) for d in workspace.describe()]
        if workspace.capabilities.in_place_overwrite:
            assert found == before
        assert sorted(name for name, _ in found) == ["a", "b"]
        np.testing.assert_array_equal(workspace.get("a").y, POINTS)

    def test_a_file_makes_one_event(self, tmp_path: Path) -> None:
        """However many objects it holds."""
        workspace = self.with_two_signals()
        events: list[ChangeEvent] = []
        handle = workspace.on_change(events.append)
        path = workspace.save(tmp_path / "p.h5")
        workspace.remove("a")
        workspace.load(path)
        handle.cancel()
        workspace.remove("b")
        assert [event.kind for event in events] == ["saved", "removed", "loaded"]
        assert [event.path for event in events] == [path, None, path]
        assert events[2].names_after == ("a",)
        revisions = [event.revision for event in events]
        assert revisions == sorted(set(revisions))

    def test_a_computation_makes_one_event(self) -> None:
        """All its objects are in it; a result is a change of the object analysed."""
        workspace = self.with_two_signals()
        events: list[ChangeEvent] = []
        with workspace.on_change(events.append):
            names = workspace.calc("exp", on=["a", "b"])
            workspace.calc("stats", on="a")
        own = [event for event in events if event.origin is Origin.NOTEBOOK]
        assert [event.kind for event in own] == ["added", "edited"]
        assert [*own[0].names_after] == names
        assert "results" in own[1].parts

    def test_the_change_of_another_program_makes_one(
        self, capabilities: Capabilities
    ) -> None:
        """It is found at the next look at the latest, and names its origin."""
        if not capabilities.shared:
            workspace = self.with_two_signals()
            events: list[ChangeEvent] = []
            with workspace.on_change(events.append):
                workspace.list()
            assert events == []
            return
        workspace = self.with_two_signals()
        found: queue.Queue[ChangeEvent] = queue.Queue()
        with workspace.on_change(found.put):
            (name,) = self.bring(workspace, "theirs")
            event = found.get(timeout=_LOST)
        assert event.origin in (Origin.DATALAB, Origin.OTHER_NOTEBOOK)
        assert event.kind == "added"
        assert event.names_after == (name,)
