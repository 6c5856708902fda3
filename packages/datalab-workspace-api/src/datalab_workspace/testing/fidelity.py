"""The rule of fidelity: every part of an object is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.testing.comparison import (
    as_stored,
    assert_same,
    own_metadata,
    value_differences,
)
from datalab_workspace.testing.samples import KEYS, OBJECTS, VALUES
from datalab_workspace.testing.samples.images import spot
from datalab_workspace.testing.samples.signals import gaussian
from datalab_workspace.testing.strategies import metadata, names, objects
from datalab_workspace.testing.suite import WorkspaceSuite, holds
from datalab_workspace.workspace import Workspace

#: Places of a value in metadata.
PLACES: dict[str, Callable[[Any], Any]] = {
    "alone": lambda value: value,
    "in a list": lambda value: [0, value, value],
    "in a tuple": lambda value: ((value,), "x"),
    "in a dict": lambda value: {"a": value, "b": {"c": [value]}},
    "under an odd key": lambda value: {"a/b": value, "": {1: value}},
}
#: One value of each type that a file stores differently.
UNDER_A_KEY = (1, None, "text", {"n": 1}, {"n": None}, [1, 2], (1, 2), np.arange(3))
# The methods are inherited, and each test writes a file.
_slowly = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)


class Fidelity(WorkspaceSuite):
    """`get` returns each bit and each type that was added."""

    def keep(self, capabilities: Capabilities, **objects: Any) -> Workspace:
        """Add objects, and compare them with the stored ones."""
        workspace = self.open_workspace()
        for name, obj in objects.items():
            workspace.add(name, obj)
        workspace = self.settle(workspace)
        for name, obj in objects.items():
            # Parts that are missing at first come with full=True.
            missing = workspace.describe(name).missing
            assert not (capabilities.full_metadata and missing)
            found = workspace.get(name)
            assert_same(as_stored(obj, name), found, but=missing, what=name)
            full = workspace.get(name, full=True)
            assert_same(as_stored(obj, name), full, what=name)
        return workspace

    @pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
    def test_an_object_comes_back_as_it_was(
        self, capabilities: Capabilities, make: Callable[[], Any]
    ) -> None:
        """The copy can be added and read again."""
        workspace = self.keep(capabilities, x=make())
        workspace.add("y", workspace.get("x", full=True))
        workspace = self.settle(workspace)
        assert_same(as_stored(make(), "y"), workspace.get("y", full=True))

    def test_objects_do_not_disturb_each_other(
        self, capabilities: Capabilities
    ) -> None:
        """All sample objects fit into one workspace."""
        self.keep(capabilities, **{name: make() for name, make in OBJECTS.items()})

    @pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
    def test_a_value_of_metadata_comes_back_as_it_was(
        self, value: Callable[[], Any]
    ) -> None:
        """The value may be in any place of the metadata."""
        obj = gaussian()
        obj.metadata = {key: place(value()) for key, place in PLACES.items()}
        workspace = self.open_workspace()
        workspace.add("x", obj)
        workspace = self.settle(workspace)
        found = own_metadata(workspace.get("x"), besides=obj.metadata)
        assert not list(value_differences(obj.metadata, found, "metadata"))
        workspace.add("x", obj)  # an equal object

    @pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
    def test_a_key_of_metadata_comes_back_as_it_was(self, key: Any) -> None:
        """The key may be at any level and have any value."""
        objects: dict[str, Any] = {}
        workspace = self.open_workspace()
        for value in UNDER_A_KEY:
            obj = objects[repr(value)] = spot()
            obj.metadata = {"before": 1, key: value, "below": {key: value, "beside": 2}}
            workspace.add(repr(value), obj)
        workspace = self.settle(workspace)
        for name, obj in objects.items():
            found = own_metadata(workspace.get(name), besides=obj.metadata)
            assert not list(value_differences(obj.metadata, found, name))
            workspace.add(name, obj)

    def test_keys_of_all_types_fit_together(self) -> None:
        """A string differs from the number that it represents."""
        obj = gaussian()
        obj.metadata = {key: number for number, key in enumerate(KEYS.values())}
        obj.metadata |= {"1": "text", "None": "text", "b'key'": "text"}
        workspace = self.open_workspace()
        workspace.add("x", obj)
        workspace = self.settle(workspace)
        found = own_metadata(workspace.get("x"), besides=obj.metadata)
        assert not list(value_differences(obj.metadata, found, "metadata"))

    @_slowly
    @given(metadata=metadata())
    def test_any_metadata_comes_back_as_it_was(self, metadata: dict[Any, Any]) -> None:
        """The metadata has any supported keys and values."""
        obj = gaussian()
        obj.metadata = metadata
        workspace = self.open_workspace()
        workspace.add("x", obj)
        workspace = self.settle(workspace)
        found = own_metadata(workspace.get("x"), besides=obj.metadata)
        assert not list(value_differences(metadata, found, "metadata"))
        workspace.add("x", obj)

    @_slowly
    @given(name=names(), obj=objects())
    def test_any_object_comes_back_as_it_was(self, name: str, obj: Any) -> None:
        """The object may have any name."""
        workspace = self.open_workspace()
        capabilities = self.capabilities_of(workspace)
        data = obj.xydata if hasattr(obj, "xydata") else obj.data
        if not holds(capabilities, data):
            return  # see `Refusals`
        if not self.accepts_name(capabilities, name):
            name = "x"
        workspace.add(name, obj)
        workspace = self.settle(workspace)
        assert_same(as_stored(obj, name), workspace.get(name, full=True))
        workspace.add(name, obj)
