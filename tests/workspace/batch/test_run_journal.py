"""The run journal and the state of items that is read from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalab_workspace.batch.driver.chunks import Chunks
from datalab_workspace.batch.driver.item_states import ItemStates
from datalab_workspace.batch.driver.resume import match_items, read_states
from datalab_workspace.batch.folder.run_journal import (
    JournalWriter,
    answer_line,
    decode_line,
    encode_line,
    read_lines,
    result_of,
)
from datalab_workspace.batch.messages import ItemFailure, Receipt, ResultObject, Row
from datalab_workspace.batch.results.result_columns import merge_units


class Names:
    """Items with a name and a version each."""

    def __init__(self, **versions: int) -> None:
        self._versions = versions

    def __len__(self) -> int:
        return len(self._versions)

    def names(self) -> Iterator[str]:
        return iter(self._versions)

    def fingerprint(self, index: int) -> str:
        return str(list(self._versions.values())[index])


def line(*names: str, versions: int = 1, first: int = 0, failed=False, part=None):
    failure = ItemFailure("ValueError", "bad", "…") if failed else None
    entries = [
        (name, Receipt(index, str(versions), (Row(name, {"v": index}),), failure))
        for index, name in enumerate(names, first)
    ]
    return answer_line(entries, part=part, units={})


def write(path: Path, *lines) -> None:
    journal = JournalWriter(path)
    for each in lines:
        journal.append([each])
    journal.close()


def names_in(states: ItemStates) -> list[str]:
    return [result.name for result in states.results()]


VALUES = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(),
    st.none(),
)


@given(values=st.dictionaries(st.text(), VALUES), unit=st.text(), name=st.text())
def test_a_receipt_is_the_same_after_the_journal(values, unit, name):
    objects = (ResultObject("u", name, "signal"),)
    receipt = Receipt(3, "f", (Row(name, values, objects),), None, 0.25)
    written = answer_line([(name, receipt)], part="p.h5", units={"v": unit})
    found = decode_line(encode_line(written))
    result = result_of(found, 0, 3)
    assert repr(result.receipt) == repr(receipt)  # NaN is not equal to NaN
    assert (result.name, result.part, found["units"]) == (name, "p.h5", {"v": unit})


def test_a_failure_is_the_same_after_the_journal():
    receipt = Receipt(0, "f", (), ItemFailure("E", "m", "t"), 1.0)
    written = answer_line([("a", receipt)], part=None, units={})
    assert result_of(decode_line(encode_line(written)), 0, 0).receipt == receipt


@pytest.mark.parametrize("lost", [1, 5, 40])
def test_a_line_that_was_written_half_is_removed(tmp_path, lost):
    path = tmp_path / "journal.jsonl"
    write(path, {"items": 3}, line("a"), line("b", first=1))
    path.write_bytes(path.read_bytes()[:-lost])
    assert names_in(read_states(path)) == ["a"]
    write(path, line("c", first=2))
    assert names_in(read_states(path)) == ["a", "c"]
    assert len([*read_lines(path)]) == 3


def test_a_damaged_line_costs_only_its_items(tmp_path):
    path = tmp_path / "journal.jsonl"
    write(path, {"items": 3}, line("a"), line("b", first=1), line("c", first=2))
    lines = path.read_bytes().split(b"\n")
    lines[2] = lines[2][:-3] + b"\0\0\0"
    path.write_bytes(b"\n".join(lines))
    assert names_in(read_states(path)) == ["a", "c"]


def test_the_newest_receipt_counts(tmp_path):
    path = tmp_path / "journal.jsonl"
    write(path, {"items": 2}, line("a", "b", failed=True), line("b", first=1))
    states = read_states(path)
    assert (states.done, states.failed) == (1, 1)
    assert [one.name for one in states.results(failed_only=True)] == ["a"]


def test_items_are_found_wherever_they_are_now(tmp_path):
    path = tmp_path / "journal.jsonl"
    write(path, {"items": 3}, line("a", "b", "c"))
    states = match_items(path, Names(new=1, c=1, a=1, b=2))
    assert names_in(states) == ["c", "a"]
    assert [states.state(index) for index in range(4)] == [0, 1, 1, 0]
    # The journal has the present positions, for those who do not have the items.
    assert [one.receipt.index for one in read_states(path).results()] == [1, 2]


def test_a_failure_that_is_not_computed_again_stays(tmp_path):
    path = tmp_path / "journal.jsonl"
    write(path, {"items": 2}, line("a", "b", failed=True))
    states = read_states(path)
    states.retry_failed()
    assert states.left == 2
    assert states.take(1) == [0]
    states.settle()
    assert (states.failed, states.left) == (2, 0)


@given(data=st.data(), number=st.integers(1, 30))
def test_each_item_is_taken_once_unless_it_is_given_back(data, number):
    states = ItemStates(Path("unused"), number)
    taken: set[int] = set()
    returned = 0
    while states.waiting():
        new = states.take(data.draw(st.integers(1, 5)))
        assert not taken & {*new}
        assert new == sorted(new)
        back = data.draw(st.sets(st.sampled_from(new))) if returned < 10 else set()
        for index in back:
            states.give_back(index)
        for index in {*new} - back:
            states.note(index, 0, 0, failed=False)
        taken |= {*new} - back
        returned += len(back)
    assert states.done == number


def test_units_do_not_depend_on_the_order():
    answers = [{"v": "s", "w": "m"}, {"v": "ms"}, {"v": "s"}, {}]
    for order in (answers, answers[::-1]):
        known: dict[str, str] = {}
        for units in order:
            merge_units(known, units)
        assert known == {"v": "", "w": "m"}


def sizes(seconds: float, items: int, workers: int = 2) -> list[int]:
    chunks, left, found = Chunks(), items, []
    while left:
        size = min(left, chunks.next_size(left, workers))
        chunks.learn(size, size * seconds, whole=True)
        found.append(size)
        left -= size
    return found


def test_tasks_grow_to_a_second_of_work():
    found = sizes(0.01, 2_000)
    assert found[:8] == [1, 2, 4, 8, 16, 32, 64, 100]
    assert max(found) == 100


def test_tasks_of_slow_items_have_one():
    assert sizes(5.0, 20) == [1] * 20


def test_tasks_become_short_at_the_end():
    found = sizes(0.01, 2_000)
    assert found[-1] <= 10
    assert found[-4:] == sorted(found[-4:], reverse=True)


def test_a_task_that_was_too_large_is_followed_by_a_smaller_one():
    chunks = Chunks()
    for size in (1, 2, 4, 8):
        chunks.learn(size, size * 0.001, whole=True)
    assert chunks.next_size(1_000, 2) == 16
    chunks.learn(3, 0.003, whole=False)
    assert chunks.next_size(1_000, 2) == 3
    chunks.learn(3, 0.003, whole=True)
    assert chunks.next_size(1_000, 2) == 6
