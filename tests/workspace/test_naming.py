"""The strings that are names, the names that objects get, and their meaning."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalab_workspace.errors import InvalidNameError, ObjectNotFoundError
from datalab_workspace.model.name_book import NameBook
from datalab_workspace.model.naming import (
    assign_names,
    check_name,
    free_name,
    name_from_title,
    short_id,
    short_ids,
)
from datalab_workspace.testing import strategies
from datalab_workspace.testing.samples import NAMES, NO_NAMES
from support.numbering import numbering


@dataclass(frozen=True)
class Thing:
    title: str
    kind: str = "signal"
    uuid: str = field(default_factory=lambda: str(uuid4()))
    name: str | None = None


def named(*titles, taken=()):
    return [*assign_names(map(Thing, titles), dict.fromkeys(taken)).values()]


@given(strategies.names())
def test_a_text_without_control_characters_is_a_name(name):
    assert check_name(name) == name_from_title(name) == name


@given(st.text(st.characters(exclude_categories=[])))
def test_any_title_gives_a_name(title):
    name = name_from_title(title)
    assert check_name(name) == name
    assert name_from_title(name) == name


@pytest.mark.parametrize(("name", "reason"), NO_NAMES.values(), ids=NO_NAMES)
def test_a_text_that_is_no_name(name, reason):
    with pytest.raises(InvalidNameError, match=reason):
        check_name(name)


def test_a_name_is_a_plain_text():
    class Label(str):
        __slots__ = ()

    assert type(check_name(Label("x"))) is str
    with pytest.raises(TypeError, match=r"did you mean add\(name, object\)"):
        check_name(5)


@pytest.mark.parametrize(
    ("titles", "names"),
    [
        ([], []),
        (["A"], ["A"]),
        (["A", "A", "A"], ["A", "A (2)", "A (3)"]),
        (["A", "A", "A (2)"], ["A", "A (3)", "A (2)"]),
        (["A (2)", "A", "A"], ["A (2)", "A", "A (3)"]),
        (["A (2)", "A (2)"], ["A (2)", "A (2) (2)"]),
        (["", ""], ["Untitled", "Untitled (2)"]),
        (["a\nb", "a b"], ["a b", "a b (2)"]),
    ],
)
def test_titles_give_names(titles, names):
    assert named(*titles) == names


def test_names_in_use_are_left_alone():
    assert named("A", "B", taken=["A", "A (2)"]) == ["A (3)", "B"]


_titles = st.lists(st.sampled_from(["A", "A (2)", "A (3)", "B", ""]), max_size=12)


@given(_titles, st.sets(st.sampled_from(["A", "A (2)", "B"])))
def test_no_name_is_given_twice(titles, taken):
    names = named(*titles, taken=taken)
    assert max(Counter([*names, *taken]).values(), default=1) == 1
    for title, name in zip(titles, names, strict=True):
        wanted = name_from_title(title)
        assert name == wanted or name.startswith(f"{wanted} (")


@given(_titles)
def test_the_first_to_bear_a_title_is_called_so(titles):
    names = named(*titles)
    for title in set(titles) - {""}:
        assert names[titles.index(title)] == title


def test_naming_many_duplicates_takes_no_time():
    used = Counter()  # a dict that counts how often it is asked

    class Counting(set):
        def __contains__(self, name):
            used["asked"] += 1
            return super().__contains__(name)

    taken, numbers = Counting(), {}
    for _ in range(1000):
        taken.add(free_name("A", taken, numbers))
    assert used["asked"] < 3000


def test_short_ids_are_datalabs():
    things = [Thing("a"), Thing("b"), Thing("c", "image")]
    assert [key for key, _ in short_ids(things)] == ["s001", "s002", "i001"]
    assert short_id("image", 1234) == "i1234"


class TestNameBook:
    def book(self, *things):
        book = NameBook()
        book.sync(things)
        return book

    def test_a_name_stays_while_others_go(self):
        first, second, third = Thing("A"), Thing("A"), Thing("A")
        book = self.book(first, second)
        book.sync([second, third])
        assert book.name_of(second.uuid) == "A (2)"
        assert book.name_of(third.uuid) == "A"
        assert book.uuid_of("A") == third.uuid

    def test_another_title_changes_no_name(self):
        thing = Thing("A")
        book = self.book(thing)
        book.sync([Thing("B", uuid=thing.uuid)])
        assert book.name_of(thing.uuid) == "A"
        assert "B" not in book

    def test_where_others_change_titles_the_name_follows(self):
        first, second = Thing("A"), Thing("B")
        book = NameBook(shared=True)
        book.sync([first, second])
        book.sync([Thing("B", uuid=first.uuid), second])
        assert book.name_of(first.uuid) == "B (2)"
        assert book.name_of(second.uuid) == "B"
        book.sync([Thing("B", uuid=first.uuid), Thing("A", uuid=second.uuid)])
        assert book.name_of(first.uuid) == "B (2)"  # its title is the same

    def test_the_names_of_a_backend_are_used(self):
        first, second = Thing("A", name="A"), Thing("A", name="A (7)")
        book = NameBook(shared=True)
        book.sync([Thing("A", uuid=second.uuid)])
        book.sync([first, second])
        assert book.name_of(first.uuid) == "A"
        assert book.name_of(second.uuid) == "A (7)"
        mine = Thing("A")
        book.sync([first, second, mine])
        assert book.name_of(mine.uuid) == "A (2)"
        theirs = Thing("A (2)", name="A (2)")
        book.sync([first, second, mine, theirs])
        assert book.name_of(theirs.uuid) == "A (2)"
        assert book.name_of(mine.uuid) == "A (3)"

    def test_binding_releases_the_old_name(self):
        thing = Thing("A")
        book = self.book(thing)
        book.bind(thing.uuid, "B")
        assert ("A" in book, "B" in book) == (False, True)
        book.release(thing.uuid)
        book.release(thing.uuid)
        assert "B" not in book

    def test_a_name_comes_first_then_a_uuid_then_a_short_id(self):
        first, second = Thing("A"), Thing("s001")
        book = self.book(first, second)
        book.bind(second.uuid, first.uuid)
        things = [first, second]
        assert book.resolve("A", numbering(things)) == first.uuid
        assert book.resolve(first.uuid, numbering(things)) == second.uuid
        assert book.resolve(second.uuid, numbering(things)) == second.uuid
        assert book.resolve("s001", numbering(things)) == first.uuid
        assert book.resolve("s002", numbering(things)) == second.uuid

    def test_objects_are_only_counted_for_a_short_id(self):
        thing = Thing("A")
        book = self.book(thing)

        def unasked(kind, number):
            raise AssertionError("asked")

        assert book.resolve("A", unasked) == thing.uuid
        with pytest.raises(ObjectNotFoundError, match="did you mean 'A'"):
            book.resolve("a", unasked)

    @pytest.mark.parametrize("key", [*NAMES.values(), "s001", "i002", "i01", "i0001"])
    def test_what_there_is_not_is_not_found(self, key):
        thing = Thing("the only one", "image")
        with pytest.raises(ObjectNotFoundError, match="it contains 'the only one'"):
            self.book(thing).resolve(key, numbering([thing]))

    @pytest.mark.parametrize("key", [None, 5, (), b"the only one"])
    def test_only_a_string_is_looked_up(self, key):
        with pytest.raises(TypeError, match=f"as a string, got {type(key).__name__}$"):
            self.book(Thing("the only one", "image")).resolve(key, numbering([]))
