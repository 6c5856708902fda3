"""How objects join those that are there: what is prepared, done and undone."""

from __future__ import annotations

import numpy as np
import pytest

from datalab_workspace import NameConflictError, UnreachableError
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.model.name_book import NameBook
from datalab_workspace.model.project import Group
from datalab_workspace.model.record import Record
from datalab_workspace.operations.merge import Merge


def signal(title: str, value: float) -> Record:
    return Record("signal", {"title": title}, {"xydata": np.full((2, 3), value)})


class Failing(MemoryBackend):
    """A backend that loses its connection once it has two objects."""

    transactional = False

    def extend(self, groups):
        for group in groups:
            for item in group.items:
                if len(self.entries()) >= 2:
                    raise UnreachableError("gone")
                super().extend([Group(group.kind, group.title, [item])])


def merge_into(backend: MemoryBackend, choice, *records: Record) -> Merge:
    names = NameBook()
    names.sync(backend.entries())
    merge = Merge(backend, names, choice)
    groups = [Group("signal", "", [*records])]
    merge.prepare(groups, {r.uuid: r.title for r in records}, "merging")
    return merge


def test_what_is_to_join_stays_as_it_is():
    """It is another workspace's until all of it has moved."""
    backend = MemoryBackend()
    for value in (1.0, 2.0):
        backend.add(signal("A", value))
    ours = signal("A (2)", 3.0)
    merge = merge_into(backend, "replace", ours)
    assert ours.title == "A (2)"
    merge.carry_out()
    assert ours.title == "A (2)"
    assert [entry.title for entry in backend.entries()] == ["A", "A"]
    assert backend.record(backend.entries()[1].uuid).array("xydata")[0, 0] == 3.0


def test_what_fails_in_the_middle_is_undone():
    backend = Failing()
    first = signal("first", 1.0)
    backend.add(first)
    merge = merge_into(backend, "error", signal("a", 1.0), signal("b", 2.0))
    with pytest.raises(UnreachableError):
        merge.carry_out()
    assert [entry.uuid for entry in backend.entries()] == [first.uuid]


def test_conflicts_are_all_listed():
    backend = MemoryBackend()
    backend.add(signal("a", 1.0))
    backend.add(signal("b", 1.0))
    with pytest.raises(NameConflictError, match=r"merging.*'a', 'b'"):
        merge_into(backend, "error", signal("a", 2.0), signal("b", 2.0))
