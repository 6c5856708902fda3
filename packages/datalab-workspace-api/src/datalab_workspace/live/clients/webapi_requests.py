"""Single requests to DataLab's Web API, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from datalab_workspace.errors import (
    DataLabError,
    NameConflictError,
    ObjectNotFoundError,
    TokenError,
    UnsupportedObjectError,
)
from datalab_workspace.live.transport.base import Answer, Body, Timeouts, Transport

_BASE = "/api/v1"
#: Bytes of what it says of an error; it repeats names of any length.
_LARGEST_DETAIL = 1 << 16
#: What DataLab says when something, a box most often, keeps its window from answering.
_BLOCKED = "Main thread execution timed out"
_CLOSE_BOX = "a box is probably open in DataLab's window: close it, then try again"


class Requests:
    """Requests to DataLab's Web API.

    Args:
        transport: Carries the requests, with the token.

    Every method raises `UnreachableError`, `NoAnswerError`, `ConnectionLostError`,
    `TokenError` or `DataLabError`, all of which are `ConnectionError`, where DataLab
    can't be reached, or answers that it failed.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport.url!r})"

    @property
    def url(self) -> str:
        """The server's URL."""
        return self._transport.url

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        timeouts: Timeouts | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """Send a request; `path` is below that of the API. See `Transport.request`."""
        return self._transport.request(
            method,
            _BASE + path,
            headers=headers,
            body=body,
            timeouts=timeouts,
            repeatable=repeatable,
        )

    def _get(self, path: str, timeouts: Timeouts | None = None) -> Answer:
        return self._request("GET", path, timeouts=timeouts, repeatable=True)

    def _send_json(
        self, method: str, path: str, content: object, *, repeatable: bool = False
    ) -> Answer:
        return self._request(
            method,
            path,
            headers={"Content-Type": "application/json"},
            body=Body([json.dumps(content).encode()]),
            repeatable=repeatable,
        )

    def _json(self, answer: Answer, expected: int, name: str | None = None) -> Any:
        self._check(answer, expected, name)
        try:
            return json.loads(bytes(answer.body))
        except (ValueError, RecursionError) as error:
            raise self._nonsense(bytes(answer.body[:80])) from error

    def _nonsense(self, said: object) -> DataLabError:
        return DataLabError(
            f"{self.url} answers with something that DataLab does not say "
            f"({said!r:.80}); is it DataLab?"
        )

    def _check(self, answer: Answer, expected: int, name: str | None = None) -> None:
        if answer.status != expected:
            self._refuse(answer, name)

    def _refuse(self, answer: Answer, name: str | None) -> NoReturn:
        said = _detail(answer)
        about = f" ({name!r:.80})" if name else ""
        if answer.status in (401, 403):
            raise TokenError(
                f"DataLab at {self.url} wants its token ({said}); it shows it under "
                "File > Web API: connect with it, or set DATALAB_WORKSPACE_TOKEN"
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
        if answer.status == 409:
            raise NameConflictError(
                f"DataLab has an object {name!r:.80} already ({said}); "
                "overwrite it, or choose another name"
            )
        if answer.status == 422:
            raise UnsupportedObjectError(f"DataLab refuses this{about}: {said}")
        if _BLOCKED in said:
            raise DataLabError(f"DataLab did not get to it{about}: {_CLOSE_BOX}")
        raise DataLabError(
            f"DataLab at {self.url} failed with status {answer.status}{about}: {said}; "
            "its log may tell more"
        )


def _detail(answer: Answer) -> str:
    """Return in one line what DataLab said about an error."""
    text = bytes(answer.body[:_LARGEST_DETAIL]).decode("utf-8", "replace")
    try:
        detail = json.loads(text)["detail"]
    except (ValueError, KeyError, TypeError, RecursionError):
        detail = text
    if isinstance(detail, list):
        detail = "; ".join(str(part.get("msg", part)) for part in map(_as_dict, detail))
    # What follows is a traceback of DataLab's, which helps nobody here.
    line = str(detail).split("\n\n", maxsplit=1)[0]
    return f"{' '.join(line.split())!r:.300}"


def _as_dict(part: Any) -> dict[str, Any]:
    return part if isinstance(part, dict) else {"msg": part}
