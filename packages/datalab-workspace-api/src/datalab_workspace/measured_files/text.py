"""Decode text files: UTF-8, UTF-16 and the encodings of Western Windows."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from datalab_workspace.errors import UnreadableFileError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Text:
    """The text of a file.

    Attributes:
        path: The file.
        lines: Its lines, without their ends.
        encoding: Its encoding.
    """

    path: Path
    lines: list[str]
    encoding: str

    @property
    def is_utf8(self) -> bool:
        """Whether a program that expects UTF-8 decodes the file right."""
        return self.encoding in ("utf-8", "utf-8-sig")


def read_text(path: Path, encoding: str | None = None) -> Text:
    """Return the text of a file.

    Without a byte order mark, a file that is not UTF-8 is taken for Windows-1252, which
    has the characters of Latin-1.

    Args:
        path: The file.
        encoding: Its encoding; None finds it out.

    Raises:
        UnreadableFileError: The file is binary, or has another encoding.
        OSError: It cannot be read.
    """
    data = path.read_bytes()
    if not data.strip():
        raise UnreadableFileError.of(path, "the file is empty")
    found = encoding or _encoding(data)
    if found is None:
        raise UnreadableFileError.of(
            path,
            "it holds bytes that are not text",
            "if it is text, pass encoding=, for example encoding='utf-16'",
        )
    try:
        text = data.decode(found)
    except (UnicodeDecodeError, LookupError) as error:
        raise UnreadableFileError.of(
            path,
            f"it is not text in the encoding {found!r} ({error})",
            "pass encoding=",
        ) from None
    # Not splitlines(), which also splits at form feeds and Unicode separators.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Text(path, lines, found)


def _encoding(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if b"\0" in data:
        return _without_mark(data)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _without_mark(data: bytes) -> str | None:
    """Return the kind of UTF-16 that has most of its zeros in one half of the bytes."""
    head = data[:4096]
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.7 * half and even == 0:
        return "utf-16-le"
    if even > 0.7 * half and odd == 0:
        return "utf-16-be"
    return None
