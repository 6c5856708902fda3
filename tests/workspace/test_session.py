"""Transactions: one look at the backend, all or nothing, no needless lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.backends import Capabilities, MemoryBackend
from datalab_workspace.errors import UnreachableError

RAMP = np.arange(3.0)


class CountingBackend(MemoryBackend):
    """A backend that other programs change, too, and that counts the looks at it."""

    looks = 0

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(shares_views=True, shared=True)

    def refresh(self, max_age: float = 0.0) -> bool:
        if max_age:
            return False
        self.looks += 1
        return True


@pytest.fixture
def backend() -> CountingBackend:
    return CountingBackend()


@pytest.fixture
def workspace(backend: CountingBackend) -> Workspace:
    workspace = Workspace(backend=backend)
    workspace.update({"a": RAMP, "b": RAMP * 2, "i": np.ones((4, 4))})
    return workspace


CALLS: dict[str, tuple[int, Callable[[Workspace], Any]]] = {
    "add": (1, lambda ws: ws.add("c", RAMP)),
    "add again": (1, lambda ws: ws.add("a", RAMP)),
    "overwrite": (1, lambda ws: ws.add("a", RAMP * 3, overwrite=True)),
    "to another group": (1, lambda ws: ws.add("a", RAMP, overwrite=True, group="g")),
    "update": (1, lambda ws: ws.update({"a": RAMP * 3, "c": RAMP, "d": RAMP})),
    "get": (0, lambda ws: ws.get("a")),
    "get nothing": (1, lambda ws: ws.get("nothing", default=None)),
    "record": (0, lambda ws: ws.record("a")),
    "item": (0, lambda ws: ws["a"]),
    "pop": (1, lambda ws: ws.pop("a")),
    "remove": (1, lambda ws: ws.remove("a", "b")),
    "rename": (1, lambda ws: ws.rename("a", "z")),
    "edit": (1, lambda ws: ws.edit("a", xlabel="t", metadata={"k": 1})),
    "clear": (1, lambda ws: ws.clear()),
    "list": (1, lambda ws: ws.list()),
    "list of a group": (1, lambda ws: ws.list(group="")),
    "exists": (1, lambda ws: ws.exists("a")),
    "in": (1, lambda ws: "a" in ws),
    "len": (1, lambda ws: len(ws)),
    "iter": (1, lambda ws: next(iter(ws))),
    "describe": (1, lambda ws: ws.describe()),
    "describe one": (1, lambda ws: ws.describe("a")),
    "groups": (1, lambda ws: ws.groups()),
    "preview": (0, lambda ws: ws.preview()),
    "repr": (0, repr),
    "status": (0, lambda ws: ws.status()),
    "select": (1, lambda ws: ws.select(["a", "b"])),
    "selection": (1, lambda ws: ws.selection),
    "show": (1, lambda ws: ws.show("a")),
    "calc": (1, lambda ws: ws.calc("exp", on="a")),
    "calc of many": (1, lambda ws: ws.calc("exp", on=["a", "b", "i"])),
    "analysis": (1, lambda ws: ws.calc("stats", on="a")),
}


@pytest.mark.parametrize(("looks", "call"), CALLS.values(), ids=CALLS)
def test_a_call_looks_at_most_once(workspace, backend, looks, call):
    before = backend.looks
    call(workspace)
    assert backend.looks - before == looks


def test_a_file_is_loaded_and_saved_with_one_look_each(workspace, backend, tmp_path):
    before = backend.looks
    path = workspace.save(tmp_path / "a.h5")
    assert backend.looks - before == 1
    workspace.load(path)
    assert backend.looks - before == 2


# -- the lock -------------------------------------------------------------------------


def test_others_can_use_the_workspace_during_a_computation(workspace, monkeypatch):
    from datalab_workspace.processing.calculation import Calculation

    compute, seen = Calculation.run, []

    def run(self: Calculation, *arguments: Any) -> Any:
        other = threading.Thread(
            target=lambda: seen.append((workspace.add("other", RAMP), len(workspace)))
        )
        other.start()
        other.join(30)
        return compute(self, *arguments)

    monkeypatch.setattr(Calculation, "run", run)
    name = workspace.calc("exp", on="a")
    assert seen == [("other", 4)]
    assert workspace.list("signal") == ["a", "b", "other", name]


def test_a_source_that_is_removed_during_its_analysis_is_named(workspace, monkeypatch):
    from datalab_workspace.processing.calculation import Calculation

    compute = Calculation.run

    def run(self: Calculation, *arguments: Any) -> Any:
        workspace.remove("a")
        return compute(self, *arguments)

    monkeypatch.setattr(Calculation, "run", run)
    with pytest.raises(KeyError, match=r"'a', which was removed"):
        workspace.calc("stats", on="a")
    with pytest.raises(KeyError, match="'b'"):
        workspace.calc("exp", on="a")
    assert workspace.list() == ["b", "i"]


# -- all or nothing -------------------------------------------------------------------


class FailingBackend(MemoryBackend):
    """A backend whose `add` fails, or is interrupted, at a title."""

    def __init__(self, error: BaseException, *, after: bool) -> None:
        super().__init__()
        self._error = error
        self._after = after

    def add(self, record, *, group=None, composed=False) -> None:
        if record.title != "bad":
            super().add(record, group=group)
            return
        if self._after:
            super().add(record, group=group)
        raise self._error


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "error", [MemoryError(), KeyboardInterrupt(), UnreachableError("gone"), OSError()]
)
def test_an_update_that_fails_leaves_nothing(error, after):
    workspace = Workspace(backend=FailingBackend(error, after=after))
    workspace.add("kept", RAMP)
    before = workspace.describe()
    with pytest.raises(type(error)):
        workspace.update({"kept": RAMP * 2, "new": RAMP, "bad": RAMP, "last": RAMP})
    left = [item for item in workspace.describe() if item.title != "bad"]
    assert left == list(before)
    np.testing.assert_array_equal(workspace.get("kept").y, RAMP)
    assert len(workspace.list()) == len(workspace.describe())


def test_an_object_that_was_moved_returns_to_its_group():
    workspace = Workspace(backend=FailingBackend(OSError(), after=False))
    workspace.add("kept", RAMP, group="first")
    with pytest.raises(OSError):  # noqa: PT011  (the error of the backend itself)
        workspace.update({"kept": RAMP * 2, "bad": RAMP}, group="second")
    assert workspace.describe("kept").group == "first"
    np.testing.assert_array_equal(workspace.get("kept").y, RAMP)


def test_what_cannot_be_undone_is_noted():
    class Gone(FailingBackend):
        transactional = False

        def remove(self, uuids) -> None:
            raise UnreachableError("DataLab has gone")

    workspace = Workspace(backend=Gone(OSError("no room"), after=False))
    with pytest.raises(OSError, match="no room") as caught:
        workspace.update({"new": RAMP, "bad": RAMP})
    notes = " ".join(getattr(caught.value, "__notes__", caught.value.args))
    assert "could not be undone: DataLab has gone" in notes
    assert workspace.list() == ["new"]
