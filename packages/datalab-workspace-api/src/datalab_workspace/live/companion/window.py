"""DataLab's window, by the companion protocol: questions, files, macros, pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from datalab_workspace.backends.window import (
    Answer,
    MacroRun,
    Pictured,
    Question,
    Reading,
    Window,
)
from datalab_workspace.error_messages import add_note
from datalab_workspace.errors import DataLabError, LiveError
from datalab_workspace.live.companion.client import CompanionClient
from datalab_workspace.model.record import Kind

#: Characters of the output of a macro that an error shows.
_MOST_SHOWN = 2000


class CompanionWindow(Window):
    """The window of a DataLab with a companion.

    Args:
        client: Sends requests.
        another: Returns a client of its own, for a request that waits for long.
        changed: Called with each answer to a request that has changed objects.
    """

    def __init__(
        self,
        client: CompanionClient,
        another: Callable[[], CompanionClient],
        changed: Callable[[Mapping[str, Any]], None],
    ) -> None:
        super().__init__("another version of datalab-kernel in DataLab", live=True)
        self._client = client
        self._another = another
        self._changed = changed

    def ask_for_roi(self, uuid: str, message: str) -> Question:
        """See `Window.ask_for_roi`."""
        return self._ask({"what": "roi", "uuid": uuid, "message": message})

    def ask_for_selection(self, kind: Kind | None) -> Question:
        """See `Window.ask_for_selection`."""
        return self._ask({"what": "selection", "kind": kind})

    def _ask(self, question: Mapping[str, Any]) -> Question:
        ticket = self._client.write("ask", question).header["ticket"]
        return CompanionQuestion(self._another(), str(ticket))

    def read(
        self, paths: Sequence[str], kind: Kind | None, group: str | None
    ) -> Reading:
        """See `Window.read`."""
        request = {"paths": list(paths), "kind": kind, "group": group}
        said = self._client.write("open", request).header
        self._changed(said)
        failed = {str(f["path"]): str(f["detail"]) for f in said.get("failed", ())}
        return Reading([str(uuid) for uuid in said["uuids"]], failed)

    def macros(self) -> Sequence[str]:
        """See `Window.macros`."""
        found = self._client.read("macros").header["macros"]
        return [str(macro["title"]) for macro in found]

    def start_macro(self, title: str) -> MacroRun:
        """See `Window.start_macro`."""
        ticket = self._client.write("macro", {"title": title}).header["ticket"]
        return CompanionMacroRun(self._another(), str(ticket), title)

    def quiet(self, *, on: bool) -> None:
        """See `Window.quiet`."""
        self._client.write("quiet", {"on": on})

    def screenshot(self, what: Pictured) -> bytes:
        """See `Window.screenshot`."""
        return self._client.picture("screenshot", what=what)


class CompanionQuestion(Question):
    """A question, and the client that waits for its answer.

    Args:
        client: A client of its own.
        ticket: The ticket of the question.
    """

    def __init__(self, client: CompanionClient, ticket: str) -> None:
        self._client = client
        self._route = f"ask/{ticket}"

    def wait(self, seconds: float) -> Answer | None:
        """See `Question.wait`."""
        said = self._client.read(self._route, wait=seconds).header
        if said["state"] == "open":
            return None
        self._client.close()
        if said["state"] != "answered":
            raise DataLabError("the question was cancelled in DataLab's window")
        return Answer(bool(said.get("accepted")), said.get("uuids") or ())

    def cancel(self) -> None:
        """See `Question.cancel`."""
        with suppress(LiveError):  # DataLab may have ended, and the question with it
            self._client.delete(self._route)
        self._client.close()


class CompanionMacroRun(MacroRun):
    """A macro that was started.

    Args:
        client: A client of its own.
        ticket: The ticket of the run.
        title: The title of the macro.
    """

    def __init__(self, client: CompanionClient, ticket: str, title: str) -> None:
        self._client = client
        self._route = f"macro/{ticket}"
        self._title = title

    def wait(self, seconds: float) -> str | None:
        """See `MacroRun.wait`."""
        said = self._client.read(self._route, wait=seconds).header
        if said["state"] == "running":
            return None
        self._client.close()
        output = str(said.get("output") or "")
        if said.get("code"):
            # The traceback of a macro is there, and may come before other output.
            last = (
                str(said.get("errors") or "").strip() or output.strip()
            ).splitlines()
            reason = last[-1] if last else "it printed nothing"
            error = DataLabError(
                f"the macro {self._title!r:.80} failed with the exit code "
                f"{said['code']}: {reason:.300}"
            )
            if len(output.splitlines()) > 1:
                add_note(error, f"it has printed:\n{output.strip()[-_MOST_SHOWN:]}")
            raise error
        return output
