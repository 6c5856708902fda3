"""A name that was used never means another object without notice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from datalab_workspace.errors import ObjectNotFoundError, ReusedNameError
from datalab_workspace.model.name_book import NameBook
from datalab_workspace.model.naming import free_name
from support.numbering import numbering

#: One is a short id, one the name of a duplicate.
TITLES = st.sampled_from(["A", "B", "A (2)", "s001"])
_picks = st.integers(0, 30)


@dataclass(frozen=True)
class Thing:
    title: str
    uuid: str
    kind: str = "signal"
    name: str | None = None


class Names(RuleBasedStateMachine):
    """A window whose user acts at random, and a notebook that uses names."""

    def __init__(self) -> None:
        super().__init__()
        self.book = NameBook(shared=True)
        self.things: list[Thing] = []
        self.made = 0
        #: What the notebook takes each name for.
        self.used: dict[str, str] = {}

    def new(self, title: str) -> Thing:
        self.made += 1
        return Thing(title, f"uuid {self.made}")

    def place(self, number: int) -> int:
        return number % len(self.things)

    def has_things(self) -> bool:
        return bool(self.things)

    # -- the user of the window; several changes may come between two looks -----------

    @rule(title=TITLES, at=_picks)
    def theirs(self, title: str, at: int) -> None:
        self.things.insert(at % (len(self.things) + 1), self.new(title))

    @precondition(has_things)
    @rule(number=_picks, title=TITLES)
    def retitle(self, number: int, title: str) -> None:
        place = self.place(number)
        self.things[place] = replace(self.things[place], title=title)

    @precondition(has_things)
    @rule(number=_picks)
    def take_away(self, number: int) -> None:
        del self.things[self.place(number)]

    # -- the notebook -----------------------------------------------------------------

    @rule()
    def look(self) -> None:
        self.book.sync(self.things)

    @rule(wanted=TITLES)
    def mine(self, wanted: str) -> None:
        self.look()
        names = [self.book.name_of(thing.uuid) for thing in self.things]
        name = free_name(wanted, names)
        thing = self.new(name)
        self.things.append(thing)
        self.book.bind(thing.uuid, name, name)
        self.used[name] = thing.uuid

    @precondition(has_things)
    @rule(number=_picks)
    def remove(self, number: int) -> None:
        self.look()
        thing = self.things.pop(self.place(number))
        self.free(thing.uuid)
        self.book.release(thing.uuid)

    @precondition(has_things)
    @rule(number=_picks, name=TITLES)
    def rename(self, number: int, name: str) -> None:
        self.look()
        place = self.place(number)
        thing = self.things[place]
        if self.book.uuid_of(name) in (None, thing.uuid):
            self.free(thing.uuid)
            self.book.bind(thing.uuid, name)
            self.things[place] = replace(thing, title=name)
            self.used[name] = thing.uuid

    @rule()
    def list_names(self) -> None:
        self.look()
        for thing in self.things:
            self.used.setdefault(self.book.hand_out(thing.uuid), thing.uuid)

    @rule(name=TITLES)
    def use(self, name: str) -> None:
        self.look()
        holder = self.book.uuid_of(name)
        meant = self.used.get(name)
        try:
            found = self.book.resolve(name, numbering(self.things))
        except ReusedNameError as error:
            self.check_message(str(error), meant, holder)
        except ObjectNotFoundError:
            assert holder is None
        else:
            assert meant in (None, found)
            if holder is not None:
                self.used[name] = found

    def check_message(self, message: str, meant: str | None, has: str | None) -> None:
        assert meant is not None
        assert has is None or repr(has) in message
        if self.is_named(meant):
            assert repr(self.book.name_of(meant)) in message
        else:
            assert "removed" in message

    def free(self, uuid: str) -> None:
        name = self.book.name_of(uuid)
        if self.used.get(name) == uuid:
            del self.used[name]

    @invariant()
    def a_used_name_means_its_object_or_raises(self) -> None:
        for name, uuid in self.used.items():
            try:
                assert self.book.resolve(name, numbering(self.things)) == uuid
            except (ObjectNotFoundError, ReusedNameError):
                assert self.book.uuid_of(name) != uuid

    @invariant()
    def names_are_unique(self) -> None:
        seen = [t.uuid for t in self.things if self.is_named(t.uuid)]
        assert [self.book.uuid_of(self.book.name_of(u)) for u in seen] == seen

    def is_named(self, uuid: str) -> bool:
        try:
            self.book.name_of(uuid)
        except KeyError:
            return False
        return True


TestNames = Names.TestCase


def test_the_error_names_both():
    book = NameBook(shared=True)
    book.sync([Thing("a", "1")])
    book.hand_out("1")
    book.sync([Thing("b", "1"), Thing("a", "2")])
    with pytest.raises(ReusedNameError) as caught:
        book.resolve("a", numbering([]))
    assert str(caught.value) == (
        "the name 'a' meant the object that DataLab's window now calls 'b', and "
        "another object has it now; use 'b', or the UUID '2' of the other one, or free "
        "the name with workspace.rename('2', 'a')"
    )


def test_a_name_stays_when_datalab_renumbers_its_title():
    book = NameBook(shared=True)
    first, second = Thing("fft(s001)|n=2", "1"), Thing("fft(s002)|n=2", "2")
    book.sync([first, second])
    book.sync([Thing("fft(sxxx)|n=2", "1"), Thing("fft(s001)|n=2", "2")])
    assert book.resolve("fft(s001)|n=2", numbering([])) == "1"
    assert book.resolve("fft(s002)|n=2", numbering([])) == "2"
    book.sync([Thing("fft", "1"), Thing("fft(s001)|n=3", "2")])
    with pytest.raises(ObjectNotFoundError, match="was renamed 'fft'"):
        book.resolve("fft(s001)|n=2", numbering([]))
    with pytest.raises(ObjectNotFoundError, match="was renamed"):
        book.resolve("fft(s002)|n=2", numbering([]))


def test_a_short_id_is_not_taken_for_a_name_that_was_used():
    book = NameBook(shared=True)
    things = [Thing("x", "1"), Thing("s001", "2")]
    book.sync(things)
    assert book.resolve("s001", numbering(things)) == "2"
    things[1] = replace(things[1], title="b")
    book.sync(things)
    with pytest.raises(ReusedNameError, match="now calls 'b'"):
        book.resolve("s001", numbering(things))


def test_names_of_removed_objects_can_be_forgotten():
    book = NameBook(shared=True)
    book.sync([Thing("a", "1"), Thing("b", "2")])
    book.hand_out("1")
    book.hand_out("2")
    book.sync([Thing("a", "3"), Thing("c", "2"), Thing("b", "4")])
    book.forget_removed()
    assert book.resolve("a", numbering([])) == "3"
    with pytest.raises(ReusedNameError):
        book.resolve("b", numbering([]))
