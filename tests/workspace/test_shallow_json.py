"""JSON of other programs is parsed without reaching the limit of recursion."""

from __future__ import annotations

import gc
import json
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalab_workspace.encoding import shallow_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_json_is_parsed_as_by_the_standard_library(value: object) -> None:
    text = json.dumps(value)

    assert shallow_json.loads(text) == value
    assert shallow_json.loads(text.encode()) == value


@pytest.mark.parametrize("opening", ["[", '{"a":', '[[1], "x",'])
def test_json_that_is_nested_too_deeply_is_refused(opening: str) -> None:
    with pytest.raises(ValueError, match="nested more than 200 levels deep"):
        shallow_json.loads(opening * 20_000)


def test_depth_that_strings_hide_is_refused() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        shallow_json.loads('["]",' * 20_000)


def test_many_brackets_side_by_side_are_accepted() -> None:
    assert shallow_json.loads(json.dumps([[]] * 10_000)) == [[]] * 10_000


def test_a_finalizer_of_other_code_is_not_disturbed() -> None:
    """The garbage collector runs finalizers in the middle of the parser."""
    finished: list[int] = []

    class Cycle:
        def __init__(self, number: int) -> None:
            self.itself = self
            weakref.finalize(self, finished.append, number)

    threshold = gc.get_threshold()
    gc.set_threshold(10)
    try:
        for number in range(5):
            Cycle(number)
            with pytest.raises(ValueError, match="nested"):
                shallow_json.loads("[" * 20_000)
    finally:
        gc.set_threshold(*threshold)
    gc.collect()

    assert sorted(finished) == [*range(5)]
