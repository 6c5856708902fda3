"""Single requests to DataLab's Web API, and the errors for its answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn, TypeVar

from datalab_workspace.encoding import shallow_json
from datalab_workspace.errors import (
    DataLabError,
    NameConflictError,
    NoAnswerError,
    ObjectNotFoundError,
    TokenError,
    UnsupportedObjectError,
)
from datalab_workspace.live import advice
from datalab_workspace.live.transport.base import (
    Answer,
    Body,
    Request,
    Timeouts,
    Transport,
)

T = TypeVar("T")

_BASE = "/api/v1"
#: The seconds to wait for a sign of life.
_SOON = Timeouts(connect=0.5, read=1.5)
#: Bytes of an error message that are read; it repeats names of any length.
_LARGEST_DETAIL = 1 << 16
#: The message if something, most often a dialog, keeps DataLab's window from answering.
_BLOCKED = "Main thread execution timed out"
_CLOSE_DIALOG = (
    "a dialog is probably open in DataLab's window: close it, then try again"
)


class Requests:
    """Requests to DataLab's Web API.

    Args:
        transport: Sends the requests, with the token.

    Every method raises `UnreachableError`, `NoAnswerError`, `ConnectionLostError`,
    `TokenError` or `DataLabError`, all of which are `ConnectionError`, if DataLab
    cannot be reached or answers that it failed.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        # DataLab did not answer the last request in time.
        self._silent = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport.url!r})"

    @property
    def url(self) -> str:
        """The server's URL."""
        return self._transport.url

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _send(self, request: Request) -> Answer:
        """Send a request whose path is relative to the API; see `Transport.send`.

        If DataLab did not answer the last request, this first asks for a sign of life,
        so that not every call waits until its time is up.
        """
        self.probe_if_silent()
        return self._exchange(request)

    def probe_if_silent(self) -> None:
        """Ask for a sign of life, if DataLab did not answer the last request.

        Raises:
            LiveError: DataLab still does not answer.
        """
        if self._silent:
            self.probe()

    def probe(self) -> None:
        """Ask for a sign of life, within little time.

        Raises:
            LiveError: DataLab does not answer.
        """
        request = Request("GET", "/status", timeouts=_SOON, repeatable=True)
        self._exchange(request)

    def _exchange(self, request: Request) -> Answer:
        try:
            answer = self._transport.send(replace(request, path=_BASE + request.path))
        except NoAnswerError:
            self._silent = True
            raise
        self._silent = False
        return answer

    def _get(
        self, path: str, *, query: str = "", timeouts: Timeouts | None = None
    ) -> Answer:
        return self._send(
            Request("GET", path, query=query, timeouts=timeouts, repeatable=True)
        )

    def _send_json(
        self, method: str, path: str, content: object, *, repeatable: bool = False
    ) -> Answer:
        return self._send(
            Request(
                method,
                path,
                headers={"Content-Type": "application/json"},
                body=Body([json.dumps(content).encode()]),
                repeatable=repeatable,
            )
        )

    def _parse(
        self,
        answer: Answer,
        expected: int,
        parse: Callable[[Any], T],
        name: str | None = None,
    ) -> T:
        """Return the parsed JSON of an answer.

        Args:
            answer: The answer.
            expected: The HTTP status that it has if all went well.
            parse: Turns the JSON into the result, or raises `KeyError`, `TypeError` or
                `ValueError` if DataLab does not send such JSON.
            name: The name of the object that was asked for.
        """
        self._check(answer, expected, name)
        try:
            return parse(shallow_json.loads(bytes(answer.body)))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            reason = type(error).__name__
        # Variables of the frames that failed hold what the server said, unfiltered.
        said = self._clean(bytes(answer.body[:80]).decode("utf-8", "replace"))
        raise DataLabError(
            f"{self.url} sends an answer that is not one of DataLab's "
            f"({reason} in {said!r}); is it DataLab?"
        )

    def _clean(self, said: object) -> str:
        return self._transport.clean(said)

    def _check(self, answer: Answer, expected: int, name: str | None = None) -> None:
        if answer.status != expected:
            self._refuse(answer, name)

    def _refuse(self, answer: Answer, name: str | None) -> NoReturn:
        said = repr(self._clean(_detail(answer)))
        about = f" ({name!r:.80})" if name else ""
        if answer.status in (401, 403):
            raise TokenError(
                f"DataLab at {self.url} does not accept the token, or expects one "
                f"({said}). {advice.give_token(self.url)}"
            )
        if (
            answer.status == 404
            and name is not None
            and b"not found" in bytes(answer.body)
        ):
            raise ObjectNotFoundError(
                f"no object {name!r:.80} in DataLab ({said}); it may have been "
                "renamed or removed there"
            )
        if answer.status == 409 and name is not None:
            raise NameConflictError(
                f"DataLab already has an object {name!r:.80} ({said}); "
                "overwrite it, or choose another name"
            )
        if answer.status == 422 and name is not None:
            raise UnsupportedObjectError(f"DataLab refuses this{about}: {said}")
        if _BLOCKED in said:
            raise DataLabError(
                f"DataLab's window does not respond{about}: {_CLOSE_DIALOG}"
            )
        raise DataLabError(
            f"DataLab at {self.url} failed with status {answer.status}{about}: {said}; "
            "its log may say more"
        )


def _detail(answer: Answer) -> str:
    """Return DataLab's message about an error, without the traceback that follows."""
    text = bytes(answer.body[:_LARGEST_DETAIL]).decode("utf-8", "replace")
    try:
        detail = shallow_json.loads(text)["detail"]
    except (ValueError, KeyError, TypeError):
        detail = text
    if isinstance(detail, list):
        detail = "; ".join(str(part.get("msg", part)) for part in map(_as_dict, detail))
    return str(detail).split("\n\n", maxsplit=1)[0]


def _as_dict(part: Any) -> dict[str, Any]:
    return part if isinstance(part, dict) else {"msg": part}
