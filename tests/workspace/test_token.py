"""`Token` hides its string, equals it, and is removed from messages of a server."""

from __future__ import annotations

import base64
import copy
import json
import pickle
from urllib.parse import quote

import pytest

from datalab_workspace.live.transport.token import Token
from support.leak_checks import FORMS, TOKEN, check_hidden, holders


def test_it_shows_nothing() -> None:
    token = Token(TOKEN)
    shown = [repr(token), str(token), f"{token}", f"{token!r:.80}"]
    shown += [str(getattr(token, name)) for name in Token.__slots__]
    assert set(shown[:4]) == {"<token>"}
    check_hidden(" ".join(shown))
    assert not hasattr(token, "__dict__")
    assert holders(token) == []


def test_it_is_neither_pickled_nor_copied() -> None:
    for keep in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            keep(Token(TOKEN))


def test_it_equals_its_string() -> None:
    assert Token(TOKEN) == TOKEN
    assert Token(TOKEN) == Token(TOKEN)
    assert Token(TOKEN) != Token(TOKEN[:-1])
    assert Token(TOKEN) != 5
    assert Token("\udcff") != Token("é")


def test_of() -> None:
    token = Token(TOKEN)
    assert Token.of(None) is None
    assert Token.of(token) is token
    assert not Token("")
    assert Token("")._plain() == b""


@pytest.mark.parametrize(
    "said",
    [
        TOKEN,
        quote(TOKEN, safe=""),
        *(
            encode(f"{before}{TOKEN}{after}".encode()).decode()
            for encode in (base64.b64encode, base64.urlsafe_b64encode)
            for before in ("", "a", "ab", "Bearer ")
            for after in ("", "a", "ab")
        ),
    ],
)
def test_what_a_server_sends_back(said: str) -> None:
    assert any(form in said for form in FORMS)
    shown = Token(TOKEN).redact(f"a {said} b")
    check_hidden(shown)
    assert "<token>" in shown


def test_a_short_one_spoils_no_other_words() -> None:
    assert Token("t").redact("a b") == "a b"
    assert Token("").redact("a b") == "a b"
