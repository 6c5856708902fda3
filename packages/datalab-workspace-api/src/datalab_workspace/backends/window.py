"""The window of the program that keeps the objects: questions, files, macros, pictures.

A backend without a window, or whose protocols cannot do something, leaves the methods
of `Window` as they are: they raise an error that says what is missing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from datalab_workspace.errors import LiveUnavailableError, NotSupportedByProtocolError
from datalab_workspace.model.record import Kind
from datalab_workspace.runtime import IN_BROWSER

#: The reason why a DataLab without a companion cannot do it.
COMPANION_NEEDED = (
    "datalab-kernel in DataLab, and DataLab's token: run disconnect() and "
    "ask_token(url), type the token, then connect(url) again; if that changes nothing, "
    "install datalab-kernel on DataLab's computer"
    if IN_BROWSER
    else "datalab-kernel in DataLab: install it in DataLab's environment, or run "
    "`python -m datalab_kernel install --desktop`, and restart DataLab"
)
#: The content of a screenshot: the whole window, or the plot of a panel.
Pictured: TypeAlias = Literal["window", "signal", "image"]


@dataclass(frozen=True)
class Answer:
    """The answer of DataLab's user.

    Attributes:
        accepted: False if the user has closed the dialog without a change.
        uuids: UUIDs of the objects that the user has selected.
    """

    accepted: bool
    uuids: Sequence[str] = ()


@dataclass(frozen=True)
class Reading:
    """The outcome of reading files.

    Attributes:
        uuids: UUIDs of the new objects.
        failed: The reason for each file that could not be read, by path.
    """

    uuids: Sequence[str]
    failed: Mapping[str, str] = field(default_factory=dict)


class Question(ABC):
    """Something that DataLab's user was asked for."""

    @abstractmethod
    def wait(self, seconds: float) -> Answer | None:
        """Wait for the answer, at most for some seconds.

        Returns:
            The answer; None if there is none yet.

        Raises:
            LiveError: DataLab does not answer, or has cancelled the question.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Withdraw the question, and close the dialog that it has opened."""


class MacroRun(ABC):
    """A macro that was started."""

    @abstractmethod
    def wait(self, seconds: float) -> str | None:
        """Wait for the end of the macro, at most for some seconds.

        Returns:
            Its output; None if it is still running.

        Raises:
            LiveError: It has failed, or DataLab does not answer.
        """


class Window:
    """A window that can do nothing.

    Args:
        missing: The missing part, as the end of a sentence.
        live: There is a window, but its protocols cannot do this.

    Example:
        >>> workspace.backend.window.macros()
        Traceback (most recent call last):
        ...
        datalab_workspace.errors.LiveUnavailableError: macros need a running ...
    """

    def __init__(self, missing: str, *, live: bool = False) -> None:
        self._missing = missing
        self._live = live

    def ask_for_roi(self, uuid: str, message: str) -> Question:  # noqa: ARG002
        """Open the editor of the regions of interest of an object."""
        raise self._cannot("a question to the user of the window needs")

    def ask_for_selection(self, kind: Kind | None) -> Question:  # noqa: ARG002
        """Wait for the user to select objects, of one kind or of any."""
        raise self._cannot("waiting for a selection needs")

    def read(
        self,
        paths: Sequence[str],  # noqa: ARG002
        kind: Kind | None,  # noqa: ARG002
        group: str | None,  # noqa: ARG002
    ) -> Reading:
        """Read files by DataLab's own readers, on its machine."""
        raise self._cannot("reading files with DataLab needs")

    def macros(self) -> Sequence[str]:
        """Return the titles of the macros."""
        raise self._cannot("macros need")

    def start_macro(self, title: str) -> MacroRun:  # noqa: ARG002
        """Start a macro."""
        raise self._cannot("macros need")

    def quiet(self, *, on: bool) -> None:  # noqa: ARG002
        """Stop drawing changes, or draw them again."""
        raise self._cannot("stopping the window from drawing needs")

    def screenshot(self, what: Pictured) -> bytes:
        """Return a picture as a PNG file."""
        raise self._cannot(f"a picture of the {what} needs")

    def _cannot(self, what: str) -> LiveUnavailableError | NotSupportedByProtocolError:
        message = f"{what} {self._missing}"
        if self._live:
            return NotSupportedByProtocolError(message)
        return LiveUnavailableError(message)


#: The window of a workspace that is not attached to DataLab.
NO_WINDOW = Window("a running DataLab; attach the workspace with connect() first")
