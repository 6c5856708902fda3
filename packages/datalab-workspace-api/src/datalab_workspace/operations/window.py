"""The operations that concern DataLab's window: questions, files, macros, drawing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from datalab_workspace.error_messages import add_note
from datalab_workspace.errors import DataLabError, LiveError
from datalab_workspace.measured_files.paths import Paths, flat
from datalab_workspace.model.record import KINDS, Kind
from datalab_workspace.session import Session
from datalab_workspace.validation import absolute_path, check_timeout, one_of

T = TypeVar("T")

#: Seconds of one wait, after which an interrupt is noticed in any case.
_TURN = 5.0


def wait_for_selection(
    session: Session, kind: Kind | None, timeout: float | None
) -> list[str]:
    """See `Workspace.wait_for_selection`."""
    if kind is not None:
        one_of(kind, "kind", KINDS)
    check_timeout(timeout)
    question = session.backend.window.ask_for_selection(kind)
    answer = _wait(
        question.wait, timeout, "no object has been selected", question.cancel
    )
    with session.transaction() as transaction:
        present = {entry.uuid for entry in transaction.backend.entries()}
        return [
            transaction.names.hand_out(uuid) for uuid in answer.uuids if uuid in present
        ]


def ask_roi(session: Session, name: str, message: str, timeout: float | None) -> Any:
    """See `Workspace.ask_roi`."""
    check_timeout(timeout)
    _check_string(message, "message")
    uuid = session.run(lambda transaction: transaction.uuid(name))
    question = session.backend.window.ask_for_roi(uuid, message)
    late = f"the regions of interest of {name!r:.80} have not been confirmed"
    answer = _wait(question.wait, timeout, late, question.cancel)
    if not answer.accepted:
        return None
    from datalab_workspace.model.sigima_objects import to_object

    return session.run(lambda t: to_object(t.record(uuid), own=True).roi)


def read(
    session: Session,
    paths: Paths,
    kind: Kind | None,
    group: str | None,
) -> list[str]:
    """Read files with DataLab's own readers; see `Workspace.read`."""
    absolute = [str(absolute_path(path)) for path in flat(paths)]
    with session.transaction() as transaction:
        reading = transaction.backend.window.read(absolute, kind, group)
        transaction.look()
        transaction.sync_names()
        transaction.note(reading.uuids)
        names = [transaction.names.hand_out(uuid) for uuid in reading.uuids]
    # Not within the transaction, which would take back the files that were read.
    if reading.failed:
        first, reason = next(iter(reading.failed.items()))
        error = DataLabError(f"DataLab cannot read {first!r:.200}: {reason}")
        for path, why in list(reading.failed.items())[1:]:
            add_note(error, f"nor {path!r:.200}: {why}")
        if any(path.endswith(".h5") for path in reading.failed):
            add_note(error, "load() reads project files")
        raise error
    return names


def macros(session: Session) -> list[str]:
    """See `Workspace.macros`."""
    return list(session.backend.window.macros())


def run_macro(session: Session, title: str, timeout: float | None) -> str:
    """See `Workspace.run_macro`."""
    check_timeout(timeout)
    _check_string(title, "the title of a macro")
    run = session.backend.window.start_macro(title)
    late = f"the macro {title!r:.80}, which still runs, has not ended"
    return _wait(run.wait, timeout, late)


def _check_string(value: object, what: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"expected a string for {what}, got {type(value).__name__}")


@contextmanager
def quiet(session: Session) -> Iterator[None]:
    """See `Workspace.quiet`."""
    if not session.backend.capabilities.window:
        yield
        return
    window = session.backend.window
    window.quiet(on=True)
    try:
        yield
    except BaseException:
        with suppress(LiveError):  # the first error is the one to report
            window.quiet(on=False)
        raise
    window.quiet(on=False)


def _wait(
    wait: Callable[[float], T | None],
    timeout: float | None,
    late: str,
    cancel: Callable[[], None] | None = None,
) -> T:
    """Wait until there is an answer.

    Args:
        wait: Waits for some seconds; returns the answer, or None.
        timeout: Seconds to wait; None waits as long as it takes.
        late: What has not happened in DataLab if the time is up.
        cancel: Withdraws the question.

    Raises:
        TimeoutError: There is none in time; the question is withdrawn.
    """
    end = None if timeout is None else time.monotonic() + timeout
    done = False
    try:
        while True:
            left = _TURN if end is None else min(_TURN, end - time.monotonic())
            answer = wait(max(left, 0.0))
            if answer is not None:
                done = True
                return answer
            if end is not None and time.monotonic() >= end:
                raise TimeoutError(f"{late} in DataLab within {timeout:.3g} s")
    finally:
        if not done and cancel is not None:
            cancel()
