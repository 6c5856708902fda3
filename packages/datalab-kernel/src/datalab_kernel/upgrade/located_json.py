"""The places of values in the text of a JSON document.

The document must be valid, as `json.loads` finds out: this is not checked again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()
#: A character of a string, as it is written. Surrogates in pairs are one character.
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u[0-9a-fA-F]{4}|\\.|[^\\]",
    re.DOTALL,
)


class Span(NamedTuple):
    """The place of a value in a document."""

    start: int
    end: int


def root(text: str) -> Span:
    """Return the place of the only value of a document."""
    return _value(text, 0)


def members(text: str, span: Span) -> dict[str, Span]:
    """Return the places of the values of an object, by key; none of another value."""
    found = {}
    for key in _values(text, span, "{"):
        value = _value(text, _after_space(text, key.end) + 1)
        found[json.loads(text[key.start : key.end])] = value
    return found


def elements(text: str, span: Span) -> list[Span]:
    """Return the places of the values of an array; none of another value."""
    return list(_values(text, span, "["))


def characters(text: str, span: Span) -> list[str]:
    """Return the characters of a string, each as it is written in the document."""
    return _CHARACTER.findall(text, span.start + 1, span.end - 1)


def _values(text: str, span: Span, opening: str) -> Iterator[Span]:
    """Yield the values of an array, or the keys of an object."""
    if text[span.start] != opening:
        return
    at = _after_space(text, span.start + 1)
    while text[at] not in "]}":
        value = _value(text, at)
        yield value
        at = value.end
        if opening == "{":
            at = _value(text, _after_space(text, at) + 1).end
        at = _after_space(text, at)
        if text[at] == ",":
            at += 1
        at = _after_space(text, at)


def _value(text: str, at: int) -> Span:
    start = _after_space(text, at)
    return Span(start, _DECODER.raw_decode(text, start)[1])


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()
