"""The errors that a workspace raises, as one tree.

::

    WorkspaceError
    ├── ObjectNotFoundError       KeyError         no such name, UUID or short id
    ├── ReusedNameError           KeyError         the name means another object now
    ├── NameConflictError         ValueError       another object has the name
    ├── AmbiguousObjectError      ValueError       several objects share a title
    ├── InterruptedChangeError    RuntimeError     a fork interrupted a change
    ├── NothingToUndoError        LookupError      there is no change to undo
    ├── FeatureNotFoundError      ValueError       no such feature for these objects
    ├── NotReplayableError        ValueError       a step that cannot be computed again
    ├── InvalidNameError          ValueError       empty, or has control characters
    ├── UnsupportedObjectError    TypeError        not a signal, image, array or pair
    ├── UnsupportedDtypeError     TypeError        data that cannot be kept
    ├── UnsupportedMetadataError  TypeError        metadata that cannot be kept
    ├── NotAProjectError          ValueError       not a DataLab project
    ├── UnreadableFileError       ValueError       a measured file that cannot be read
    ├── ExportError               ValueError       a format that cannot hold an object
    ├── UnsafeFileError           ValueError       a file that links to other files
    ├── DamagedFileError          OSError          a truncated or corrupt file
    ├── StaleFileError            OSError          the file of an unread array changed
    ├── FileChangedError          FileExistsError  another program saved the file
    ├── BatchStoppedError         RuntimeError     a run stopped early
    ├── RunExistsError            FileExistsError  the file of another run
    ├── RunLockedError            RuntimeError     another process computes the run
    └── LiveError                 ConnectionError  a running DataLab
        ├── LiveUnavailableError                   there is no DataLab to attach to
        ├── NotSupportedByProtocolError  NotImplementedError  needs another protocol
        ├── UnreachableError                       nothing listens at the address
        ├── NoAnswerError         TimeoutError     DataLab does not answer in time
        ├── ConnectionLostError                    DataLab closed the connection
        ├── TokenError            PermissionError  the token is missing or wrong
        ├── ConcurrentChangeError                  others changed the objects of a call
        └── DataLabError                           DataLab reported a failure

    DamagedFileWarning            UserWarning      a file that may be damaged was read
    DoubtfulResultWarning         UserWarning      a result that may be wrong

The errors of runs are in `datalab_workspace.batch.errors`.

Each class also derives from the built-in error that a user would expect, so that
``except KeyError`` works without an import.
"""

from __future__ import annotations

from collections.abc import Sequence

from datalab_workspace.error_messages import (
    close_matches,
    either,
    list_names,
    shortened,
)

__all__ = [
    "AmbiguousObjectError",
    "ConcurrentChangeError",
    "ConnectionLostError",
    "DamagedFileError",
    "DamagedFileWarning",
    "DataLabError",
    "DoubtfulResultWarning",
    "ExportError",
    "FeatureNotFoundError",
    "FileChangedError",
    "InterruptedChangeError",
    "InvalidNameError",
    "LiveError",
    "LiveUnavailableError",
    "NameConflictError",
    "NoAnswerError",
    "NotAProjectError",
    "NotReplayableError",
    "NotSupportedByProtocolError",
    "NothingToUndoError",
    "ObjectNotFoundError",
    "ReusedNameError",
    "StaleFileError",
    "TokenError",
    "UnreachableError",
    "UnreadableFileError",
    "UnsafeFileError",
    "UnsupportedDtypeError",
    "UnsupportedMetadataError",
    "UnsupportedObjectError",
    "WorkspaceError",
]


class WorkspaceError(Exception):
    """The base class of every error of this package.

    Catch it to handle whatever a workspace refuses.
    """


class ObjectNotFoundError(WorkspaceError, KeyError):
    """No object has the requested name, UUID or short id.

    The message names close matches. ``workspace.list()`` returns every name.
    """

    # KeyError shows the repr of its argument, which would quote a whole sentence.
    __str__ = Exception.__str__

    @classmethod
    def among(
        cls, key: object, names: Sequence[str], file: str | None = None
    ) -> ObjectNotFoundError:
        """Return the error for `key`, with close matches and the first few names.

        Args:
            key: The name, UUID or short id that was requested.
            names: The existing names.
            file: The file that was searched; None for the workspace.

        Returns:
            The error; the caller raises it.
        """
        place = "the workspace" if file is None else repr(file)
        message = f"no object {shortened(key)} in {place}"
        close = close_matches(str(key), names)
        if close:
            message += f"; did you mean {either(map(shortened, close))}?"
        existing = f"it contains {list_names(names, 5)}" if names else "it is empty"
        return cls(f"{message} ({existing})")


class ReusedNameError(WorkspaceError, KeyError):
    """A name that was used here would now mean another object.

    In DataLab's window, the object was renamed or removed, and another one has its name
    now. Use the new name or a UUID. To let the name mean the other object, call
    ``workspace.rename(uuid, name)`` with its UUID, or replace that object with
    ``add(name, obj, overwrite=True)``.
    """

    # KeyError shows the repr of its argument, which would quote a whole sentence.
    __str__ = Exception.__str__

    @classmethod
    def of(cls, name: str, now: str | None, uuid: str) -> ReusedNameError:
        """Return the error for a name that two objects have had.

        Args:
            name: The name.
            now: Present name of the object that had it; None if that was removed.
            uuid: UUID of the object that has it now.

        Returns:
            The error; the caller raises it.
        """
        shown = shortened(name)
        if now is None:
            before, use = "an object that was removed in DataLab's window", "use"
        else:
            current = shortened(now)
            before = f"the object that DataLab's window now calls {current}"
            use = f"use {current}, or"
        return cls(
            f"the name {shown} meant {before}, and another object has it now; {use} "
            f"the UUID {uuid!r} of the other one, or free the name with "
            f"workspace.rename({uuid!r}, {shown})"
        )


class NothingToUndoError(WorkspaceError, LookupError):
    """This workspace has made no change that can be undone.

    The oldest changes are forgotten when they hold too much data.
    """


class InterruptedChangeError(WorkspaceError, RuntimeError):
    """This process was forked while another thread changed the workspace.

    The objects of the workspace are incomplete in this process; the parent is not
    affected. Fork when no thread changes the workspace, or open a saved file here.
    """


class FeatureNotFoundError(WorkspaceError, ValueError):
    """There is no feature of the requested name for this kind of object.

    The message names close matches. ``workspace.features()`` returns every feature.
    """


class NotReplayableError(WorkspaceError, ValueError):
    """A step of a history cannot be computed again.

    The message names the step and the reason, such as an input that was removed.
    """


class NameConflictError(WorkspaceError, ValueError):
    """The name is already used by a different object.

    Choose another name, or replace the object with ``overwrite=True``. When loading or
    connecting, pass ``on_conflict=``.
    """


class AmbiguousObjectError(WorkspaceError, ValueError):
    """Several objects in DataLab have the same title and cannot be distinguished.

    Rename one of them in DataLab, or enable DataLab's XML-RPC server, which reports
    the UUID of each object.
    """


class InvalidNameError(WorkspaceError, ValueError):
    """The string cannot be the name of an object.

    Choose a name that is not empty and contains no control character.
    """


class UnsupportedObjectError(WorkspaceError, TypeError):
    """A workspace cannot hold an object of this type or shape.

    Pass a `SignalObj`, an `ImageObj`, a 1-D or 2-D array, or a pair ``(x, y)``.
    """


class UnsupportedDtypeError(WorkspaceError, TypeError):
    """The data has a dtype that cannot be kept without loss.

    Convert the data with ``astype()`` first.
    """


class UnsupportedMetadataError(WorkspaceError, TypeError):
    """A metadata value has a type that cannot be kept.

    The message names the key. Store a number, a string, a date, an array, or a list,
    tuple or dict of these.
    """


class NotAProjectError(WorkspaceError, ValueError):
    """The file is not a DataLab project, or its suffix is that of another format.

    Check the path. ``Workspace.load`` reads projects of DataLab 1.0 and later and the
    files of datalab-kernel 0.2. ``Workspace.save`` replaces only projects: save to a
    path that ends in ``.h5``, or remove the existing file first.
    """


class UnreadableFileError(WorkspaceError, ValueError):
    """A measured file cannot be read, or could be read in several ways.

    The message gives the reason and a remedy. ``workspace.read(paths, errors="skip")``
    reads the other files.
    """

    @classmethod
    def of(cls, path: object, reason: str, remedy: str = "") -> UnreadableFileError:
        """Return the error for a file.

        Args:
            path: The file.
            reason: The reason, for example ``"the file is empty"``.
            remedy: The remedy, for example ``"pass encoding="``.

        Returns:
            The error; the caller raises it.
        """
        advice = f"; {remedy}" if remedy else ""
        return cls(f"cannot read {str(path)!r}: {reason}{advice}")


class ExportError(WorkspaceError, ValueError):
    """The objects cannot be exported to this path, or not without a change.

    The message says why, and which format, path or argument to use instead.
    """


class UnsafeFileError(WorkspaceError, ValueError):
    """The file links to other files, or declares more data than it contains.

    Do not trust the file. If you know where it comes from, open it in DataLab and save
    it again.
    """


class DamagedFileError(WorkspaceError, OSError):
    """The file is truncated or corrupt.

    Restore it from a backup. ``python -m datalab_workspace check FILE`` lists what is
    wrong.
    """


class DamagedFileWarning(UserWarning):
    """A file that was read is damaged, or another program changed it.

    The message names the objects that may differ from the saved ones. Compare them, or
    restore the file from a backup. Saving the workspace writes a file without damage.
    ``warnings.simplefilter("error", DamagedFileWarning)`` refuses such files.
    """


class DoubtfulResultWarning(UserWarning):
    """A result of `Workspace.calc` is known to be wrong in some part.

    The message says which feature and object it concerns, what is wrong, and what to do
    instead: sigima has a known fault, the objects have different units or axes, or a
    mask is ignored. The result itself is left as sigima computes it, here and in
    DataLab. ``warnings.simplefilter("error", DoubtfulResultWarning)`` stops a notebook
    at such a result, which is stored nevertheless.
    """


class StaleFileError(WorkspaceError, OSError):
    """Another program changed or removed the file of an array not yet read.

    Load the file again.
    """


class FileChangedError(WorkspaceError, FileExistsError):
    """Another program changed the file since this workspace last read or wrote it.

    Save to another path, or pass ``overwrite=True`` to replace the file.
    """


class LiveError(WorkspaceError, ConnectionError):
    """An operation failed between this process and a running DataLab.

    ``workspace.resync()`` continues once DataLab answers again, and
    ``workspace.disconnect()`` continues without it.
    """


class LiveUnavailableError(LiveError):
    """Live mode was requested, and there is no DataLab to attach to.

    Start DataLab with its Web API, or pass a URL to ``connect()``.
    """


class NotSupportedByProtocolError(LiveError, NotImplementedError):
    """The operation needs a protocol of DataLab that is not in use.

    The message names the protocol: the Web API or XML-RPC. Enable it in DataLab and
    call ``workspace.resync()``.
    """


class UnreachableError(LiveError):
    """Nothing accepts connections at the address of DataLab.

    Check that DataLab runs, and that the URL is right.
    """


class NoAnswerError(LiveError, TimeoutError):
    """DataLab accepted a request and did not answer it in time.

    Look for a dialog that is open in DataLab's window, or wait for its computation.
    """


class ConnectionLostError(LiveError):
    """DataLab closed the connection before its answer was complete.

    Restart DataLab if it has ended, then call ``workspace.resync()``.
    """


class TokenError(LiveError, PermissionError):
    """DataLab refused the request because the token is missing or wrong.

    Set ``DATALAB_WORKSPACE_TOKEN``, or pass the token that DataLab shows.
    """


class ConcurrentChangeError(LiveError):
    """Others changed the objects of a call while it ran; nothing was done.

    Repeat the call, which then uses the present objects.
    """


class DataLabError(LiveError):
    """DataLab reported a failure, or sent an answer that makes no sense.

    The message quotes DataLab. Its window or log may show more.
    """
