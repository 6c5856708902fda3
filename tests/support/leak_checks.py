"""Checks that nothing that a program shows or keeps contains the token."""

from __future__ import annotations

import base64
import gc
import re
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from IPython.core.ultratb import VerboseTB

TOKEN = "tok+/SECRET=7788-of-these-tests"
#: A part of it in the forms that a server might send back.
PART = "SECRET=7788-of"
FORMS = [
    PART,
    quote(PART, safe=""),
    *(
        # The characters that depend on what stands before or after are left out.
        encode(f"{before}{PART}".encode()).decode()[4:-4]
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
        for before in ("", "a", "ab")
    ),
]
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
#: The folder of the tests, whose own frames may hold the token.
_TESTS = Path(__file__).parents[1]


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that led to it, even what is not shown."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            left += [one.__cause__, one.__context__]


def check_hidden(text: str) -> None:
    """Check that a string does not contain the token, even in colours."""
    plain = _ANSI.sub("", text)
    assert not [form for form in FORMS if form in plain]


def secret() -> str:
    """Return the token, so that the frames of a test hold it in no variable."""
    return TOKEN


def without_tests(frames: types.TracebackType | None) -> types.TracebackType | None:
    """Return a traceback without the frames of tests at its beginning."""
    while (
        frames is not None
        and _TESTS in Path(frames.tb_frame.f_code.co_filename).parents
    ):
        frames = frames.tb_next
    return frames


def check_error(error: BaseException) -> None:
    """Check an error in the forms in which programs show the variables of frames."""
    for one in chain(error):
        one.__traceback__ = without_tests(one.__traceback__)
        shown = traceback.TracebackException.from_exception(one, capture_locals=True)
        check_hidden("".join(shown.format()))
        check_hidden(str(one) + repr(one) + repr(vars(one)))
        # It shows variables, and the values of expressions in the lines of the frames.
        text = VerboseTB().text(type(one), one, one.__traceback__)
        check_hidden(text)
    assert "\x1b" not in str(error)
    assert "\x00" not in str(error)
    assert len(str(error)) < 2000


def holders(root: object) -> list[object]:
    """Return the strings in a graph of objects that contain the token."""
    passed = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
    seen, left, found = {id(root)}, [root], []
    while left:
        for held in gc.get_referents(left.pop()):
            if id(held) in seen or isinstance(held, (*passed, types.FrameType)):
                continue
            seen.add(id(held))
            left.append(held)
            if isinstance(held, str) and any(form in held for form in FORMS):
                found.append(held)
            if isinstance(held, bytes | bytearray | memoryview):
                plain = bytes(held).decode("latin-1")
                found += [held] if any(form in plain for form in FORMS) else []
    return found
