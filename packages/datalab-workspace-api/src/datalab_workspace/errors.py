"""Every error that the workspace raises, as one tree.

::

    WorkspaceError
    ├── ObjectNotFoundError       KeyError         no such name, UUID or short id
    ├── NameConflictError         ValueError       the name is another object's
    ├── AmbiguousObjectError      ValueError       several objects have the title
    ├── FeatureNotFoundError      ValueError       no such feature for such objects
    ├── InvalidNameError          ValueError       empty, control characters
    ├── UnsupportedObjectError    TypeError        no signal, image, array or pair
    ├── UnsupportedDtypeError     TypeError        data that cannot be kept
    ├── UnsupportedMetadataError  TypeError        metadata that cannot be kept
    ├── NotAProjectError          ValueError       the file is no DataLab project
    ├── UnsafeFileError           ValueError       it reaches beyond itself
    ├── DamagedFileError          OSError          truncated or corrupt
    ├── StaleFileError            OSError          an unread array's file changed
    ├── FileChangedError          FileExistsError  another program saved there
    └── LiveError                 ConnectionError  of a running DataLab
        ├── LiveUnavailableError                   no DataLab to attach to
        ├── NotSupportedByProtocolError    NotImplementedError  not over this wire
        ├── UnreachableError                       nothing listens there
        ├── NoAnswerError         TimeoutError     it listens, and stays silent
        ├── ConnectionLostError                    it went away in the middle
        ├── TokenError            PermissionError  DataLab wants another token
        └── DataLabError                           it failed, or talks nonsense

Each is also the built-in error that a user would expect, so that ``except KeyError``
does what it says without an import.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Collection, Sequence

__all__ = [
    "AmbiguousObjectError",
    "ConnectionLostError",
    "DamagedFileError",
    "DataLabError",
    "FeatureNotFoundError",
    "FileChangedError",
    "InvalidNameError",
    "LiveError",
    "LiveUnavailableError",
    "NameConflictError",
    "NoAnswerError",
    "NotAProjectError",
    "NotSupportedByProtocolError",
    "ObjectNotFoundError",
    "StaleFileError",
    "TokenError",
    "UnreachableError",
    "UnsafeFileError",
    "UnsupportedDtypeError",
    "UnsupportedMetadataError",
    "UnsupportedObjectError",
    "WorkspaceError",
]


class WorkspaceError(Exception):
    """Base class of every error of this package."""


class ObjectNotFoundError(WorkspaceError, KeyError):
    """No object has the name, UUID or short id that was asked for."""

    # KeyError shows the repr of its argument, which would quote a whole sentence.
    __str__ = Exception.__str__

    @classmethod
    def among(
        cls, key: object, names: Sequence[str], file: str | None = None
    ) -> ObjectNotFoundError:
        """Build the error for `key`, saying what comes close and what there is.

        Args:
            key: What was asked for.
            names: The names that exist.
            file: Where they exist, if not in the workspace.

        Returns:
            The error, to be raised by the caller.
        """
        place = "the workspace" if file is None else repr(file)
        message = f"no object {_shortened(key)} in {place}"
        close = close_matches(str(key), names)
        if close:
            message += f"; did you mean {' or '.join(map(_shortened, close))}?"
        return cls(f"{message} ({_in_short(names)})")


class FeatureNotFoundError(WorkspaceError, ValueError):
    """Nothing of this name can be computed of such an object."""


class NameConflictError(WorkspaceError, ValueError):
    """The name is in use by a different object."""


class AmbiguousObjectError(WorkspaceError, ValueError):
    """Several objects in DataLab have one title, and nothing else tells them apart."""


class InvalidNameError(WorkspaceError, ValueError):
    """The text cannot be the name of an object."""


class UnsupportedObjectError(WorkspaceError, TypeError):
    """The value is not something that a workspace holds."""


class UnsupportedDtypeError(WorkspaceError, TypeError):
    """The data is of a dtype that cannot be kept without loss."""


class UnsupportedMetadataError(WorkspaceError, TypeError):
    """A metadata value is of a type that cannot be kept."""


class NotAProjectError(WorkspaceError, ValueError):
    """The file is not a DataLab project."""


class UnsafeFileError(WorkspaceError, ValueError):
    """The file refers to other files, or declares more data than it may."""


class DamagedFileError(WorkspaceError, OSError):
    """The file is truncated or corrupt."""


class StaleFileError(WorkspaceError, OSError):
    """The file of an unread array was changed or removed by another program."""


class FileChangedError(WorkspaceError, FileExistsError):
    """Another program changed the file since this workspace last read or wrote it."""


class LiveError(WorkspaceError, ConnectionError):
    """Something went wrong between this process and a running DataLab."""


class LiveUnavailableError(LiveError):
    """Live mode was asked for and no DataLab can be attached."""


class NotSupportedByProtocolError(LiveError, NotImplementedError):
    """What is asked for needs DataLab's XML-RPC, or its Web API, which is not there."""


class UnreachableError(LiveError):
    """Nothing accepts connections where DataLab is said to be."""


class NoAnswerError(LiveError, TimeoutError):
    """DataLab accepted a request and did not answer it in time."""


class ConnectionLostError(LiveError):
    """DataLab closed the connection before its answer was complete."""


class TokenError(LiveError, PermissionError):
    """DataLab asks for a token, or for another one."""


class DataLabError(LiveError):
    """DataLab answered that it failed, or with something that is no answer."""


def add_note(error: BaseException, note: str) -> None:
    """Have an error say one thing more, below its own message."""
    if sys.version_info >= (3, 11):
        error.add_note(note)
    elif error.args and isinstance(error.args[0], str):
        error.args = (f"{error.args[0]}\n{note}", *error.args[1:])
        if isinstance(error, ImportError):
            error.msg = error.args[0]  # which is what it shows


def close_matches(word: str, choices: Collection[str], limit: int = 3) -> list[str]:
    """Return the `choices` that `word` may have been meant for, best first.

    Args:
        word: What was typed.
        choices: What would have been right.
        limit: How many to return at most.

    Returns:
        At most `limit` choices; upper and lower case count as equal.
    """
    folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word.casefold(), folded, n=limit)
    return [folded[match] for match in close]


def _in_short(names: Sequence[str], limit: int = 5) -> str:
    if not names:
        return "it is empty"
    shown = ", ".join(map(_shortened, names[:limit]))
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return f"it holds {shown}{more}"


def _shortened(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"
