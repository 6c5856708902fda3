"""The rules of lookup by name, UUID or short id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.testing.comparison import as_stored, assert_same
from datalab_workspace.testing.names import PIXELS, POINTS, number_of, numbered
from datalab_workspace.testing.samples.signals import gaussian
from datalab_workspace.testing.suite import WorkspaceSuite
from datalab_workspace.workspace import Workspace

ACCESSES: dict[str, Callable[[Workspace, str], Any]] = {
    "get": lambda ws, key: ws.get(key),
    "[]": lambda ws, key: ws[key],
    "record": lambda ws, key: ws.record(key),
    "describe": lambda ws, key: ws.describe(key),
    "rename": lambda ws, key: ws.rename(key, "new name"),
    "edit": lambda ws, key: ws.edit(key, xlabel="new label"),
    "remove": lambda ws, key: ws.remove(key),
    "del": lambda ws, key: ws.__delitem__(key),
    "pop": lambda ws, key: ws.pop(key),
}
_every_access = pytest.mark.parametrize("access", ACCESSES.values(), ids=ACCESSES)


class Lookup(WorkspaceSuite):
    """A key is a name, a UUID or a short id, tried in this order."""

    @pytest.mark.parametrize("by", ["name", "uuid", "short_id"])
    @_every_access
    def test_every_method_takes_all_three(
        self, workspace: Workspace, access: Callable[[Workspace, str], Any], by: str
    ) -> None:
        """All three refer to the same object."""
        workspace.add("first", numbered(1))
        workspace.add("image", PIXELS)
        workspace.add("second", numbered(2))
        workspace = self.settle(workspace)
        before = workspace.describe("second")
        access(workspace, getattr(before, by))
        workspace = self.settle(workspace)
        assert workspace.exists("first")
        assert workspace.exists("image")
        if workspace.exists("second") and workspace.capabilities.tells_apart:
            assert workspace.describe("second").uuid == before.uuid

    @pytest.mark.parametrize("by", ["name", "uuid", "short_id"])
    def test_exists_takes_all_three(self, workspace: Workspace, by: str) -> None:
        """`in` does so too, and accepts any value."""
        workspace.add("x", PIXELS)
        workspace = self.settle(workspace)
        assert getattr(workspace.describe("x"), by) in workspace
        workspace.remove("x")
        assert "i001" not in workspace
        assert not workspace.exists("x")
        assert 1 not in workspace
        assert None not in workspace

    def test_a_name_comes_before_a_uuid(
        self, workspace: Workspace, capabilities: Capabilities
    ) -> None:
        """A UUID comes before a short id, and never looks like one."""
        workspace.add("x", numbered(1))
        uuid = workspace.describe("x").uuid
        if capabilities.any_name:
            workspace.add(uuid, numbered(2))
            workspace = self.settle(workspace)
            assert number_of(workspace, uuid) == 2
            workspace.remove(uuid)
        if workspace.capabilities.tells_apart:
            workspace = self.settle(workspace)
        assert number_of(workspace, uuid) == 1

    def test_a_name_comes_before_a_short_id(
        self, workspace: Workspace, capabilities: Capabilities
    ) -> None:
        """A new object with such a name does not overwrite another."""
        for number in (1, 2):
            workspace.add(f"n{number}", numbered(number))
        if capabilities.any_name:
            workspace["s001"] = numbered(3)
            workspace = self.settle(workspace)
            assert workspace.list() == ["n1", "n2", "s001"]
            assert number_of(workspace, "s001") == 3
            workspace.remove("s001")
        assert number_of(self.settle(workspace), "s001") == 1

    def test_short_ids_count_signals_and_images_apart(
        self, workspace: Workspace
    ) -> None:
        """The order is that of the list: all signals, then all images."""
        for name in ("i1", "s1", "i2", "s2"):
            workspace.add(name, PIXELS if name[0] == "i" else POINTS)
        workspace = self.settle(workspace)
        assert workspace.list() == ["s1", "s2", "i1", "i2"]
        listing = workspace.describe()
        assert [item.short_id for item in listing] == ["s001", "s002", "i001", "i002"]
        for item in listing:
            assert workspace.describe(item.short_id) == item

    def test_short_ids_count_through_the_groups(
        self, workspace: Workspace, capabilities: Capabilities
    ) -> None:
        """The order of addition does not matter."""
        groups: dict[str, str | None] = {"a": "one", "b": "two", "c": "one"}
        if not capabilities.groups:
            groups = dict.fromkeys("acb")
        for name, group in groups.items():
            workspace.add(name, POINTS, group=group)
        workspace = self.settle(workspace)
        assert workspace.list() == ["a", "c", "b"]
        assert workspace.describe("s002").name == "c"
        assert workspace.describe("b").short_id == "s003"


class MissingNames(WorkspaceSuite):
    """A name that does not exist raises a helpful `KeyError`."""

    @_every_access
    def test_it_names_close_matches_and_what_there_is(
        self, workspace: Workspace, access: Callable[[Workspace, str], Any]
    ) -> None:
        """The workspace does not change."""
        for name in ("filtered", "Filtered 2", "raw"):
            workspace.add(name, POINTS)
        workspace = self.settle(workspace)
        with pytest.raises(KeyError) as raised:
            access(workspace, "filterd")
        message = str(raised.value)
        assert "no object 'filterd'" in message
        assert "did you mean 'filtered'" in message
        assert "'raw'" in message
        assert workspace.list() == ["filtered", "Filtered 2", "raw"]

    def test_an_empty_workspace_says_so(self, workspace: Workspace) -> None:
        """There are no names to list."""
        with pytest.raises(KeyError, match="empty"):
            self.settle(workspace).get("x")

    def test_the_message_stays_short(self, workspace: Workspace) -> None:
        """The error stays short with many long names."""
        for number in range(30):
            workspace.add(f"{number} {'n' * 400}", POINTS)
        with pytest.raises(KeyError, match="more") as raised:
            workspace.get("x" * 5000)
        assert len(str(raised.value)) < 1000

    def test_a_default_is_returned_as_it_is(self, workspace: Workspace) -> None:
        """The default may be None. It is not used for existing names."""
        peak = gaussian()
        workspace.add("x", peak)
        workspace = self.settle(workspace)
        assert workspace.get("y", default=None) is None
        assert workspace.get("y", default=peak) is peak
        assert_same(as_stored(peak, "x"), workspace.get("x", default=None))


class UnsuccessfulLookup(WorkspaceSuite):
    """Keys that no object has."""

    @pytest.mark.parametrize(
        "key", ["s1", "S001", "s0001", "s000", "s002", "i001", "s001\n", " s001", ""]
    )
    def test_a_string_like_a_short_id_is_not_one(
        self, workspace: Workspace, key: str
    ) -> None:
        """A short id has exactly the form that DataLab gives it."""
        workspace.add("x", POINTS)
        with pytest.raises(KeyError):
            self.settle(workspace).get(key)

    def test_case_is_no_great_difference(self, workspace: Workspace) -> None:
        """Names that differ only in case are close matches."""
        workspace.add("FFT of X", POINTS)
        with pytest.raises(KeyError, match="did you mean 'FFT of X'"):
            workspace.get("fft of x")


class LookupRules(Lookup, MissingNames):
    """The rules of lookup that depend on the backend."""
