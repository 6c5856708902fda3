"""The token of DataLab's Web API, in a form that hides it.

Many programs show the variables of every frame when an exception is raised: IPython
with ``%xmode Verbose``, ``pytest --showlocals``, error trackers. Notebooks save these
outputs. So a token is masked from the moment it enters this package. It is unmasked
only in functions that end before anything can fail.
"""

from __future__ import annotations

import os
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from typing import NoReturn
from urllib.parse import quote

_SHOWN = "<token>"
#: A token of fewer bytes is not searched for in Base64: it would match other words.
_SHORT = 6
#: A token of fewer bytes is part of many strings, so that no cell could be stored.
_SHORTEST = 4
#: The last tokens that were used. The text of a cell that contains one is not stored.
_used: list[Token] = []
_MOST_USED = 20


class Token:
    """A secret string that no repr, log, pickle or traceback shows.

    White space around it is left out.

    Making one never raises an exception, because the frames of the callers still hold
    the string at that moment; `check` raises later.

    Args:
        value: The string.
    """

    __slots__ = ("_is_string", "_masked", "_pad")

    def __init__(self, value: object) -> None:
        self._is_string = isinstance(value, str)
        # White space around a token comes from copying it, and does not belong to it.
        text = str(value).strip() if self._is_string else ""
        plain = text.encode("utf-8", "surrogatepass")
        self._pad = os.urandom(len(plain))
        self._masked = _xor(plain, self._pad)

    @classmethod
    def of(cls, value: object) -> Token | None:
        """Return a token as it is, a string as a token, and None for None."""
        return value if value is None or isinstance(value, Token) else cls(value)

    def __repr__(self) -> str:
        return _SHOWN

    def __bool__(self) -> bool:
        return bool(self._masked)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str | Token):
            return NotImplemented
        import hmac  # it brings hashlib, which few programs need

        token = other if isinstance(other, Token) else Token(other)
        return hmac.compare_digest(self.header().encode(), token.header().encode())

    # Equal tokens have different pads, and nothing needs a hash.
    __hash__ = None  # type: ignore[assignment]  # as Python does for such a class

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token cannot be pickled or copied")

    def check(self) -> None:
        """Make sure that an HTTP header can hold the token.

        Raises:
            TypeError: It is not a string.
            ValueError: It contains characters that a header cannot hold.
        """
        if not self._is_string:
            raise TypeError("expected a string for token")
        if not all(32 <= byte < 127 for byte in self._plain()):
            raise ValueError(
                "the token contains characters that no token of DataLab has; copy it "
                "again from File > Web API"
            )

    def header(self) -> str:
        """Return the value of the ``Authorization`` header.

        Call it in a function that ends before anything can fail, and keep it in no
        variable.
        """
        return f"Bearer {self._plain().decode('utf-8', 'replace')}"

    def reveal(self) -> str:
        """Return the string.

        Call it in a function that ends before anything can fail, and keep it in no
        variable.
        """
        return self._plain().decode("utf-8", "surrogatepass")

    def _plain(self) -> bytes:
        return _xor(self._masked, self._pad)

    def redact(self, text: str) -> str:
        """Return `text` without the token, as it is, percent-encoded or in Base64."""
        for form in filter(None, _forms(self._plain())):
            text = text.replace(form, _SHOWN)
        return text


def note_use(token: Token | None) -> None:
    """Note that a token is used by this process."""
    if token is None or len(token.reveal()) < _SHORTEST:
        return
    if not any(token is other for other in _used):
        _used.append(token)
        del _used[:-_MOST_USED]


def contains_token(text: str) -> bool:
    """Return whether a string contains a token that this process has used."""
    return any(token.redact(text) != text for token in _used)


def _xor(data: bytes, pad: bytes) -> bytes:
    return bytes(first ^ second for first, second in zip(data, pad, strict=True))


def _forms(plain: bytes) -> Iterator[str]:
    """Yield the strings in which a server might send the token back."""
    yield plain.decode("utf-8", "surrogatepass")
    yield quote(plain, safe="")
    if len(plain) < _SHORT:
        return
    for encode in (b64encode, urlsafe_b64encode):
        # Three bytes become four characters, so the bytes before the token shift it.
        for shift in range(3):
            encoded = encode(bytes(shift) + plain).decode()
            first, last = -(-8 * shift // 6), 8 * (shift + len(plain)) // 6
            yield encoded[first:last]
