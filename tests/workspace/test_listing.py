"""What is listed and described, how it is shown, and which names are completed."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from datalab_workspace import Listing, Workspace
from datalab_workspace import open as open_project
from datalab_workspace.backends import Capabilities, MemoryBackend
from datalab_workspace.model.description import size_text
from datalab_workspace.operations.mapping import MISSING, NamedObjects


@pytest.fixture
def workspace():
    workspace = Workspace()
    workspace.add("b", np.eye(2, 3, dtype="u1"))
    workspace.add("it's", np.arange(4.0), group="raw")
    return workspace


def test_a_listing_is_a_table_of_text(workspace):
    assert repr(workspace.describe()).splitlines() == [
        's001  "it\'s"  signal  4  float64',
        "i001  'b'  image  2 × 3  uint8",
    ]
    assert repr(Listing()) == "no objects"


def test_the_objects_that_calc_would_use_are_marked(workspace):
    assert not any(item.selected for item in workspace.describe())
    workspace.select("b")
    assert repr(workspace.describe()).splitlines() == [
        's001  "it\'s"  signal  4  float64',
        "i001  'b'  image  2 × 3  uint8  selected",
    ]
    assert workspace.describe("b").selected
    assert [preview.selected for preview in workspace.preview()[1]] == [False, True]
    assert repr(workspace) == "<Workspace standalone: 1 signal, 1 image, 1 selected>"
    workspace.remove("b")
    assert "selected" not in repr(workspace)


class Window(MemoryBackend):
    """A backend with a window, whose selection may be known without asking for it."""

    selected: Sequence[str] = ()
    known = False

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(shares_views=True, shared=True, window=True)

    def select(self, uuids: Sequence[str]) -> None:
        self.selected = [uuid for uuid in self.uuids() if uuid in uuids]

    def selection(self) -> Sequence[str]:
        return self.selected

    def known_selection(self) -> Sequence[str] | None:
        return self.selected if self.known else None


def test_what_the_window_has_selected_is_marked_if_it_is_known():
    backend = Window()
    workspace = Workspace(backend=backend)
    workspace.update({"a": np.ones(3), "b": np.ones(4)})
    backend.selected = [workspace.describe("b").uuid]
    assert "selected" not in repr(workspace) + repr(workspace.describe())
    backend.known = True
    assert [item.selected for item in workspace.describe()] == [False, True]
    assert workspace.calc("exp") == ["exp(s002)"]
    workspace.select(["b", "a"])
    # The user selects something else.
    backend.selected = [workspace.describe("b").uuid]
    assert workspace.calc("sqrt") == ["sqrt(s002)"]


def test_a_title_that_is_not_the_name_is_listed(workspace, tmp_path):
    other = Workspace()
    other.add("b", np.eye(4))
    path = other.save(tmp_path / "other.h5")
    workspace.load(path, on_conflict="rename")
    assert repr(workspace.describe()).splitlines()[-1] == (
        "i002  'b (2)'  image  4 × 4  float64  title 'b'"
    )


@pytest.mark.parametrize(
    ("shape", "text"), [((), "empty"), ((0,), "0"), ((5,), "5"), ((2, 3), "2 × 3")]
)
def test_the_text_of_a_shape(shape, text):
    assert size_text(shape) == text


def test_a_listing_is_a_tuple_of_descriptions(workspace):
    first, second = workspace.describe()
    assert (first.name, first.group, second.shape) == ("it's", "raw", (2, 3))
    assert workspace.describe("b") == second
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.name = "x"


def test_one_object_is_described_without_a_look_at_the_others(workspace, monkeypatch):
    # So that describing each of many objects takes no time in the square of them.
    workspace.add("c", np.arange(3.0))
    workspace.add("d", np.arange(3.0), group="cooked")
    listed = workspace.describe()
    monkeypatch.setattr(workspace.backend, "entries", None)
    assert tuple(map(workspace.describe, ["it's", "c", "d", "b"])) == listed


def test_a_listing_makes_a_table(workspace):
    table = workspace.describe().to_dataframe()
    assert [*table.index] == ["it's", "b"]
    assert table.loc["b", "dtype"] == np.dtype("u1")
    fields = [field.name for field in dataclasses.fields(workspace.describe("b"))]
    assert [table.index.name, *table.columns] == fields
    assert len(Listing().to_dataframe()) == 0


def test_describing_a_file_reads_no_array(workspace, tmp_path, monkeypatch):
    from datalab_workspace.formats.h5.lazy import FileArray

    path = workspace.save(tmp_path / "x.h5")

    def refuse(_array):
        raise AssertionError("read")

    monkeypatch.setattr(FileArray, "read", refuse)
    opened = open_project(path)
    names = [(item.name, item.shape, item.group) for item in opened.describe()]
    assert names == [("it's", (4,), "raw"), ("b", (2, 3), "")]
    assert opened.list(pattern="i*") == ["it's"]
    with pytest.raises(AssertionError, match="read"):
        opened.get("b")


def test_names_are_completed_in_ipython(workspace):
    from IPython.core.completer import IPCompleter, provisionalcompleter

    completer = IPCompleter(namespace={"ws": workspace})
    with provisionalcompleter():
        texts = [item.text for item in completer.completions('ws["', 4)]
    assert {ast.literal_eval(f'"{text}"') for text in texts} >= {"b", "it's"}


def test_the_mapping_protocol_asks_for_five_methods():
    class Names(NamedObjects):
        def __init__(self):
            self.held = {}

        def list(self):
            return [*self.held]

        def exists(self, name):
            return name in self.held

        def get(self, name, *, default=MISSING):
            return self.held[name] if default is MISSING else self.held.get(name)

        def add(self, name, obj=MISSING, overwrite=False):
            self.held[name] = obj
            return name

        def remove(self, *names):
            for name in names:
                del self.held[name]

    names = Names()
    names["a"] = 1
    names["b"] = 2
    assert ("a" in names, 5 in names, len(names), [*names]) == (
        True,
        False,
        2,
        ["a", "b"],
    )
    assert [*names.values()] == [1, 2]
    assert dict(names.items()) == {"a": 1, "b": 2}
    assert (names.pop("a"), names.pop("a", None)) == (1, None)
    del names["b"]
    assert (names.keys(), bool(names)) == ([], True)
    with pytest.raises(KeyError):
        names.pop("a")
    assert repr(MISSING) == "<required>"
