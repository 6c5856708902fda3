"""The rules of errors: refused values and arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.errors import WorkspaceError
from datalab_workspace.testing.comparison import as_stored, assert_same
from datalab_workspace.testing.names import POINTS, number_of, numbered
from datalab_workspace.testing.samples import REFUSED_VALUES, UNKEEPABLE
from datalab_workspace.testing.samples.images import image, pixels, spot
from datalab_workspace.testing.samples.signals import gaussian, signal
from datalab_workspace.testing.suite import WorkspaceSuite, holds
from datalab_workspace.workspace import Workspace

#: Values that are not signals or images, and cannot be converted.
WRONG_TYPES: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "text": lambda: "text",
    "number": lambda: 5.0,
    "list-of-texts": lambda: ["1.0", "2.0"],
    "empty-list": list,
    "ragged-list": lambda: [[1.0, 2.0], [3.0]],
    "deep-list": lambda: [[[1.0]]],
    "dict": lambda: {"x": [1.0]},
    "class": lambda: type(gaussian()),
    "workspace": object,
    "scalar-array": lambda: np.array(1.0),
    "three-dimensional": lambda: np.zeros((2, 2, 2)),
    "quintuple": lambda: (POINTS,) * 5,
    "triple-of-lengths": lambda: (POINTS, POINTS, POINTS[1:]),
    "triple-of-complex-dy": lambda: (POINTS, POINTS, POINTS * 1j),
    "pair-of-missing-dates": lambda: (np.full(4, "NaT", "M8[s]"), POINTS),
    "pair-of-dates-on-y": lambda: (POINTS, np.arange(4).astype("M8[s]")),
    "pair-of-durations": lambda: (np.arange(4).astype("m8[s]"), POINTS),
    "pair-of-fine-dates": lambda: (
        np.datetime64("2024-01-01", "ns") + np.arange(4),
        POINTS,
    ),
    "single": lambda: (POINTS,),
    "pair-as-list": lambda: [POINTS, POINTS],
    "pair-of-texts": lambda: ("ab", "cd"),
    "pair-of-numbers": lambda: (1, 2),
    "pair-of-lengths": lambda: (POINTS, POINTS[1:]),
    "pair-of-images": lambda: (pixels(), pixels()),
    "pair-of-ragged": lambda: ([1.0, [2.0]], [1.0, 2.0]),
    "pair-of-objects": lambda: (POINTS, np.array([None] * 4)),
    "pair-of-complex-x": lambda: (POINTS * 1j, POINTS),
    "pair-of-large-integers": lambda: (POINTS, np.full(4, 2**63 - 1)),
    "array-of-large-integers": lambda: np.full(4, 2**63 - 1),
    "array-of-objects": lambda: np.array([[None]]),
    "array-of-texts": lambda: np.array([["a"]]),
    "array-of-dates": lambda: np.array([["2024-01-01"]], "M8[D]"),
    "array-of-rows": lambda: np.zeros((2, 2), [("a", "f8")]),
    "image-of-objects": lambda: image(np.array([[None]])),
    "image-of-texts": lambda: image(np.array([["a"]])),
    "image-of-one-dimension": lambda: image(POINTS),
    "image-of-three-dimensions": lambda: image(np.zeros((2, 2, 3))),
    "signal-of-one-row": lambda: signal(np.zeros((1, 4))),
    "signal-of-three-rows": lambda: signal(np.zeros((3, 4))),
    "signal-of-one-dimension": lambda: signal(POINTS),
    "text-for-a-number": lambda: image(pixels(), x0="left"),
    "number-for-a-text": lambda: signal(np.zeros((2, 4)), xlabel=5),
    "list-for-a-text": lambda: signal(np.zeros((2, 4)), xunit=["m"]),
    "none-for-a-number": lambda: image(pixels(), dx=None),
    "none-for-a-flag": lambda: image(pixels(), is_uniform_coords=None),
}

#: The calls that take one name, and those that also take lists of names.
TAKE_A_NAME: Mapping[str, Callable[[Workspace, Any], object]] = MappingProxyType(
    {
        "exists": lambda ws, name: ws.exists(name),
        "record": lambda ws, name: ws.record(name),
        "rename": lambda ws, name: ws.rename(name, "y"),
        "edit": lambda ws, name: ws.edit(name, xlabel="x"),
        "pop": lambda ws, name: ws.pop(name),
        "show": lambda ws, name: ws.show(name),
    }
)
TAKE_NAMES: Mapping[str, Callable[[Workspace, Any], object]] = MappingProxyType(
    {
        "get": lambda ws, names: ws.get(names),
        "get with a default": lambda ws, names: ws.get(names, default=0),
        "[]": lambda ws, names: ws[names],
        "del": lambda ws, names: ws.__delitem__(names),
        "describe": lambda ws, names: ws.describe(names),
        "remove": lambda ws, names: ws.remove(names),
        "select": lambda ws, names: ws.select(names),
        "save": lambda ws, names: ws.save("x.h5", names=names),
        "calc": lambda ws, names: ws.calc("exp", on=names),
    }
)
#: Where None stands for all objects.
MAY_BE_NONE = frozenset({"describe", "save", "calc"})


class Refusals(WorkspaceSuite):
    """`add` refuses unsupported values before anything changes."""

    @pytest.mark.parametrize("make", UNKEEPABLE.values(), ids=UNKEEPABLE)
    def test_data_that_would_lose_anything_is_kept_or_refused(
        self, workspace: Workspace, capabilities: Capabilities, make: Any
    ) -> None:
        """It is never converted. The error names the object and dtype."""
        obj = make()
        data = obj.xydata if hasattr(obj, "xydata") else obj.data
        workspace.add("y", numbered(1))
        if holds(capabilities, data):
            workspace.add("x", obj)
            assert_same(as_stored(obj, "x"), self.settle(workspace).get("x"))
            return
        with pytest.raises(TypeError, match=rf"'x'.*{data.dtype}"):
            self._kept(workspace, obj)
        assert number_of(workspace, "y") == 1

    def _kept(self, workspace: Workspace, obj: Any) -> Workspace:
        # Refused by add, or by save if only the file cannot hold the data.
        workspace.add("x", obj)
        return self.settle(workspace)

    def test_a_group_of_choice_may_be_refused(
        self, workspace: Workspace, capabilities: Capabilities
    ) -> None:
        """A backend without groups refuses it. Nothing is added."""
        if capabilities.groups:
            workspace.add("x", POINTS, group="mine")
            assert self.settle(workspace).describe("x").group == "mine"
            return
        with pytest.raises(NotImplementedError, match="group"):
            workspace.add("x", POINTS, group="mine")
        assert self.settle(workspace).list() == []

    def test_what_is_refused_leaves_no_trace(self, workspace: Workspace) -> None:
        """`RefusedValues` and the other rules of the workspace try every mistake."""
        workspace.add("x", numbered(1))
        obj = gaussian()
        obj.metadata["the key"] = print
        for name, value in (("new", None), ("x", None), ("new", obj), ("x", obj)):
            with pytest.raises(TypeError):
                workspace.add(name, value, overwrite=True)
        with pytest.raises(ValueError, match="control character"):
            workspace.add("two\nlines", POINTS)
        with pytest.raises(TypeError, match="the key"):
            workspace.edit("x", xlabel="new", metadata={"the key": print})
        workspace = self.settle(workspace)
        assert workspace.list() == ["x"]
        assert workspace.describe("x").xlabel == ""
        assert number_of(workspace, "x") == 1


class RefusedValues(WorkspaceSuite):
    """Values that a workspace refuses before it asks its backend."""

    @pytest.mark.parametrize("make", WRONG_TYPES.values(), ids=WRONG_TYPES)
    def test_an_unsupported_object_is_a_wrong_type(
        self, workspace: Workspace, make: Callable[[], Any]
    ) -> None:
        """The name may be new or used. Nothing changes."""
        workspace.add("x", numbered(1))
        for name, overwrite in (("new", False), ("x", True), ("x", False)):
            with pytest.raises(TypeError) as raised:
                workspace.add(name, make(), overwrite=overwrite)
            assert isinstance(raised.value, WorkspaceError)
        workspace = self.settle(workspace)
        assert workspace.list() == ["x"]
        assert number_of(workspace, "x") == 1

    @pytest.mark.parametrize("make", REFUSED_VALUES.values(), ids=REFUSED_VALUES)
    def test_metadata_that_cannot_be_kept_is_named(
        self, workspace: Workspace, make: Callable[[], Any]
    ) -> None:
        """The error names the key and the object."""
        workspace.add("x", numbered(1))
        for obj in (gaussian(), spot()):
            obj.metadata |= {"fine": 1, "the key": make()}
            for name, overwrite in (("new", False), ("x", True), ("x", False)):
                with pytest.raises(TypeError, match="the key") as raised:
                    workspace.add(name, obj, overwrite=overwrite)
                assert isinstance(raised.value, WorkspaceError)
                assert str(obj.title) in str(raised.value)
        with pytest.raises(TypeError, match="the key"):
            workspace.edit("x", xlabel="new", metadata={"the key": make()})
        workspace = self.settle(workspace)
        assert workspace.list() == ["x"]
        assert workspace.describe("x").xlabel == ""
        assert number_of(workspace, "x") == 1

    def test_a_key_that_cannot_be_kept_is_named(self, workspace: Workspace) -> None:
        """Keys are checked like values."""
        obj = gaussian()
        obj.metadata[("outer", print)] = 1
        with pytest.raises(TypeError, match="builtin_function_or_method"):
            workspace.add("x", obj)
        assert workspace.list() == []


def _methods() -> dict[str, inspect.Signature]:
    """Return the public methods that have arguments."""
    found = {}
    for name, member in inspect.getmembers(Workspace, inspect.isfunction):
        signature = inspect.signature(member)
        if not name.startswith("_") and len(signature.parameters) > 1:
            found[name] = signature
    return found


METHODS = _methods()


class Arguments(WorkspaceSuite):
    """Wrong arguments raise an error that suggests the right one."""

    @pytest.mark.parametrize("method", METHODS)
    def test_a_misspelt_argument_raises(
        self, workspace: Workspace, method: str
    ) -> None:
        """The error of any method names the closest argument."""
        workspace.add("x", POINTS)
        named = [
            parameter.name
            for parameter in METHODS[method].parameters.values()
            if parameter.kind
            in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ][1:]
        if not named:  # remove(*names)
            with pytest.raises(TypeError, match="unexpected keyword argument"):
                getattr(workspace, method)(nmae="x")
            return
        meant = named[-1]
        with pytest.raises(TypeError, match=f"did you mean '{meant}'") as raised:
            getattr(workspace, method)("x", **{meant + meant[-1]: None})
        assert method in str(raised.value)

    @pytest.mark.parametrize("value", [None, 3, b"x", POINTS, [None]], ids=type)
    def test_a_name_is_a_string(self, workspace: Workspace, value: object) -> None:
        """Anything else is a `TypeError` of one line, whatever takes the name."""
        workspace.add("x", POINTS)
        for call, act in {**TAKE_A_NAME, **TAKE_NAMES}.items():
            if value is None and call in MAY_BE_NONE:
                continue
            with pytest.raises(TypeError, match=r"expected the name.* as a str") as e:
                act(workspace, value)
            said = str(e.value)
            listed = call in TAKE_NAMES and isinstance(value, list)
            assert "\n" not in said
            assert said.endswith("NoneType" if listed else type(value).__name__)
            assert e.value.__context__ is None
        assert value not in workspace
        assert workspace.list() == ["x"]

    def test_an_unknown_argument_lists_all(self, workspace: Workspace) -> None:
        """The error lists all arguments if there is no close match."""
        with pytest.raises(TypeError, match="name, default, copy, full"):
            workspace.get("x", zzz=1)  # type: ignore[call-overload]

    def test_options_are_given_by_name(self, workspace: Workspace) -> None:
        """Users need not remember their order."""
        workspace.add("x", POINTS)
        with pytest.raises(TypeError):
            workspace.get("x", None)  # type: ignore[call-overload]
        with pytest.raises(TypeError):
            workspace.add("y", POINTS, False, "group")  # type: ignore[call-arg]
        with pytest.raises(TypeError):
            workspace.save("x.h5", "x")  # type: ignore[call-arg]

    @pytest.mark.parametrize(
        ("call", "argument"),
        [
            (lambda ws: ws.list(kind="signals"), "'signal'"),
            (lambda ws: ws.list(kind="x"), "'signal', 'image'"),
            (lambda ws: ws.groups(kind="images"), "'image'"),
            (lambda ws: ws.load("x.h5", on_conflict="rplace"), "'replace'"),
            (lambda ws: ws.load("x.h5", on_conflict=None), "'skip'"),
        ],
    )
    def test_a_misspelt_choice_raises(
        self, workspace: Workspace, call: Callable[[Workspace], Any], argument: str
    ) -> None:
        """The error names the closest choice, and all choices."""
        with pytest.raises(ValueError, match=argument):
            call(workspace)


class RefusalRules(Refusals):
    """The rules of errors that depend on the backend."""
