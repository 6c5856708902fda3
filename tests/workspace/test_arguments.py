"""The errors for misspelt arguments and choices name a close match."""

from __future__ import annotations

import inspect

import pytest

from datalab_workspace.errors import close_matches
from datalab_workspace.validation import one_of, suggest_on_typo, unknown_argument


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
    with pytest.raises(TypeError, match="positional argument"):
        function()
    with pytest.raises(TypeError, match="multiple values"):
        function(1, first=2)


def test_a_function_that_takes_any_keyword_has_none_misspelt():
    with pytest.raises(TypeError, match="accepts any keyword"):
        suggest_on_typo(lambda **_: None)


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
