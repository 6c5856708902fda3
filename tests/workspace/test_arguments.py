"""The errors for misspelt arguments and choices name a close match."""

from __future__ import annotations

import inspect
from enum import Enum

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.error_messages import close_matches
from datalab_workspace.validation import (
    check_timeout,
    old_arguments,
    one_of,
    suggest_on_typo,
    unknown_argument,
)


@suggest_on_typo
def function(first, *, overwrite=False, group=None):
    """Return the arguments."""
    return first, overwrite, group


def test_arguments_are_passed_on():
    assert function(1, overwrite=True) == (1, True, None)
    assert function(first=1, group="g") == (1, False, "g")


def test_the_signature_stays():
    assert [*inspect.signature(function).parameters] == ["first", "overwrite", "group"]
    assert function.__doc__ == "Return the arguments."


@pytest.mark.parametrize(
    ("keyword", "message"),
    [
        ("overwite", r"function\(\) has no argument 'overwite'; .*'overwrite'\?"),
        ("Group", "did you mean 'group'"),
        ("zzz", "it has first, overwrite, group"),
        ("self", "it has first, overwrite, group"),
    ],
)
def test_a_misspelt_keyword_is_told(keyword, message):
    with pytest.raises(TypeError, match=message):
        function(1, **{keyword: 1})


def test_other_mistakes_are_pythons_own():
    with pytest.raises(TypeError, match="multiple values"):
        function(1, first=2)


def test_a_missing_argument_is_named():
    with pytest.raises(
        TypeError, match=r"function\(\) needs the argument 'first'; call function\(f"
    ):
        function()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda ws: ws.select("a", "b"),
            "the argument names, and 2 were given; for several, pass a list, as in sel",
        ),
        (lambda ws: ws.get("a", "b"), "by position, and 2 were given; for several, p"),
        (lambda ws: ws.describe("a", "b"), "as in describe(['a', 'b'])"),
        (lambda ws: ws.move("a", "b", "g"), "as in move(['a', 'b'], group)"),
        (lambda ws: ws.export("a", "b", "c"), "as in export(['a', 'b'], path)"),
        (lambda ws: ws.to_pandas("a", "b"), "as in to_pandas(['a', 'b'])"),
        (lambda ws: ws.results("a", "b"), "as in results(['a', 'b'])"),
        (lambda ws: ws.read("a", "b"), "as in read(['a', 'b'])"),
        (lambda ws: ws.add("c", [1, 2], [3, 4]), "as in add(name, (x, y))"),
        (lambda ws: ws.add("c", np.ones(2), np.ones(2)), "as in add(name, (x, y))"),
        (lambda ws: ws.show("a", "b"), "show() takes the argument name, and 2 were"),
        (lambda ws: ws.macros("a"), "macros() takes no arguments, and 1 was given"),
        (lambda ws: ws.rename("a"), "needs the argument 'new_name'; call rename(name"),
        (lambda ws: ws.edit("a", "T"), "by name, as in edit(name, xlabel='Time')"),
    ],
)
def test_too_many_or_too_few_arguments(call, message):
    workspace = dlw.Workspace(backend=MemoryBackend())

    with pytest.raises(TypeError) as error:
        call(workspace)

    assert message in str(error.value)
    assert len(workspace) == 0


def test_a_function_that_takes_any_keyword_has_none_misspelt():
    with pytest.raises(TypeError, match="accepts any keyword"):
        suggest_on_typo(lambda **_: None)


@old_arguments("overwrite", "group", filepath="first")
@suggest_on_typo
def renamed(first, *, overwrite=False, group=None):
    """Return the arguments."""
    return first, overwrite, group


def test_new_arguments_raise_no_warning():
    assert renamed(1, overwrite=True) == (1, True, None)
    assert renamed(first=1, group="g") == (1, False, "g")


@pytest.mark.parametrize(
    ("args", "kwargs", "messages"),
    [
        ((1, True), {}, ["overwrite by position in renamed() is deprecated; use ov"]),
        ((1, True, False), {}, ["overwrite by position", "use group=False instead"]),
        ((), {"filepath": 1}, ["filepath= of renamed() is deprecated; use first= in"]),
    ],
)
def test_old_arguments_have_their_effect_and_warn(args, kwargs, messages):
    with pytest.deprecated_call() as warned:
        result = renamed(*args, **kwargs)
    assert result == (1, len(args) > 1, False if len(args) > 2 else None)
    assert len(warned) == len(messages)
    for warning, message in zip(warned, messages, strict=True):
        assert message in str(warning.message)
        assert warning.filename == __file__


def test_an_old_argument_that_is_none_is_not_given():
    assert renamed(1, filepath=None) == (1, False, None)


def test_an_argument_is_given_once():
    with pytest.raises(TypeError, match="'first' and its old name 'filepath'; pass o"):
        renamed(first=1, filepath=2)
    with pytest.raises(TypeError, match="two values for 'overwrite'"):
        renamed(1, True, overwrite=True)
    with pytest.raises(TypeError, match="takes the argument first by position, and 4"):
        renamed(1, True, False, 3)
    with pytest.raises(TypeError, match="no argument 'filepat'"):
        renamed(1, filepat=2)


def test_an_error_lists_what_there_is():
    error = unknown_argument("edit", "zzz", ["xlabel", "ylabel"])
    assert str(error) == "edit() has no argument 'zzz'; it has xlabel, ylabel"


def test_a_choice():
    one_of("a", "kind", ("a", "b"))
    with pytest.raises(
        ValueError, match="kind='signals' is not one of 'signal', 'image'"
    ):
        one_of("signals", "kind", ("signal", "image"))
    with pytest.raises(ValueError, match="did you mean 'signal'"):
        one_of("signals", "kind", ("signal", "image"))
    with pytest.raises(ValueError, match="kind=None is not one of"):
        one_of(None, "kind", ("a", "b"))


def test_close_matches_ignore_case_but_return_the_choice():
    assert close_matches("fft OF X", ["raw", "FFT of x"]) == ["FFT of x"]
    assert close_matches("", ["raw"]) == []
    names = [f"name{number}" for number in range(9)]
    assert len(close_matches("name", names, limit=2)) == 2


@pytest.mark.parametrize("timeout", [None, 0, 1.5, np.float32(2)])
def test_a_timeout(timeout):
    check_timeout(timeout)


@pytest.mark.parametrize(
    ("timeout", "error"),
    [("3", TypeError), (True, TypeError), (-1, ValueError), (float("nan"), ValueError)],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda workspace, timeout: workspace.wait_for_selection(timeout=timeout),
        lambda workspace, timeout: workspace.ask_roi("peak", timeout=timeout),
        lambda workspace, timeout: workspace.run_macro("Average", timeout=timeout),
    ],
)
def test_an_impossible_timeout_is_refused_before_anything_is_asked(
    call, timeout, error
):
    with pytest.raises(error, match="number of seconds"):
        call(dlw.Workspace(backend=MemoryBackend()), timeout)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda ws: ws.read("a.csv"), FileNotFoundError, "there is no file"),
        (lambda ws: ws.read("a.csv", decimall=","), TypeError, "mean 'decimal'"),
        (lambda ws: ws.read("a.csv", decimal=";"), ValueError, "is not one of '.'"),
        (lambda ws: ws.read("a.csv", width=-1), ValueError, "negative"),
        (lambda ws: ws.read("a.csv", errors="ignore"), ValueError, "errors"),
        (lambda ws: ws.read("a.csv", stack="all"), ValueError, "stack"),
        (lambda ws: ws.read("a.csv", on_conflict="x"), ValueError, "on_conflict"),
        (lambda ws: ws.read("a.csv", where="here"), ValueError, "where"),
        (lambda ws: ws.read(3, where="datalab"), TypeError, "a path or several"),
        (lambda ws: ws.run_macro(3), TypeError, "the title of a macro, got int"),
        (lambda ws: ws.ask_roi("a", message=3), TypeError, "message, got int"),
        (lambda ws: ws.move("a", 3), TypeError, "the title of a group"),
    ],
)
def test_wrong_arguments_of_the_window_are_refused(call, error, message) -> None:
    workspace = dlw.Workspace(backend=MemoryBackend())
    workspace.add("a", np.arange(3.0))
    with pytest.raises(error, match=message):
        call(workspace)


class Channel(str, Enum):
    """An enumeration of strings, whose `str` is not its value."""

    LEFT = "left"
    RIGHT = "right"


def test_a_member_of_an_enumeration_of_strings_is_its_value(tmp_path):
    workspace = dlw.Workspace(backend=MemoryBackend())
    assert type(workspace.add(Channel.LEFT, np.arange(3.0), group=Channel.LEFT)) is str
    assert workspace.update({Channel.LEFT: np.arange(3.0)}) == ["left"]
    workspace.edit(Channel.LEFT, xlabel=Channel.LEFT, metadata={Channel.LEFT: 1})
    workspace.add("x", np.arange(2.0))
    workspace.move("x", "other")
    workspace.rename_group("other", Channel.RIGHT)
    workspace.move("x", Channel.LEFT)
    workspace.rename("x", "y")
    workspace.rename("left", "z")
    workspace.rename("y", Channel.LEFT)
    for each in (workspace, dlw.open(workspace.save(tmp_path / "a.h5"))):
        assert [*map(repr, each.list())] == ["'z'", "'left'"]
        assert {repr(group.title) for group in each.groups()} <= {"'left'", "'right'"}
        record = each.record("z")
        assert repr(record.fields["xlabel"]) == "'left'"
        assert repr(record.metadata) == "{'left': 1}"
