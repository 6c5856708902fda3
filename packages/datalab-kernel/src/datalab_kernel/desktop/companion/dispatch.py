"""The translation of HTTP requests into calls, and of answers into bytes.

Both ports use it: the companion's own and that of DataLab's Web API. No request makes
it raise an exception.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import numpy as np

from datalab_kernel.desktop.companion.exchange import Call, ProtocolError, Reply
from datalab_workspace.encoding import shallow_json
from datalab_workspace.errors import DamagedFileError
from datalab_workspace.live.codecs import frame
from datalab_workspace.live.codecs.frame import Buffer

PREFIX = "/api/kernel/v1/"
#: Bytes of the longest body.
LONGEST_BODY = 8 << 30
#: The header by which a client names itself.
CLIENT = "DataLab-Client"

_JSON = "application/json"
_LONGEST_JSON = 1 << 26
_MOST_PARAMETERS = 32
_METHODS = ("GET", "POST", "DELETE")
_log = logging.getLogger(__name__)


class Service(Protocol):
    """The answers to the calls."""

    def answer(self, call: Call) -> Reply:
        """Answer a call; any thread may call this.

        Raises:
            ProtocolError: Nothing was done.
        """
        ...

    def close(self) -> None:
        """Answer all calls from now on, and those that wait, with 503 `closing`."""
        ...


@dataclass(frozen=True)
class Request:
    """An HTTP request that was let in.

    Attributes:
        method: For example "GET".
        target: The path with the query.
        headers: The headers, by names in lower case.
        body: The body.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: Buffer = b""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: The HTTP status.
        media_type: The media type of the body.
        parts: The body, in parts to send one after the other.
    """

    status: int
    media_type: str
    parts: list[Buffer]

    @property
    def length(self) -> int:
        """The length of the body in bytes."""
        return sum(memoryview(part).nbytes for part in self.parts)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that describe the body and its use."""
        headers = {
            "Content-Type": self.media_type,
            "Content-Length": str(self.length),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return headers


def answer(service: Service, request: Request) -> Answer:
    """Answer a request.

    Args:
        service: The service that answers the calls.
        request: The request; its token was checked.
    """
    try:
        return _written(service.answer(_call(request)))
    except ProtocolError as error:
        return refusal(error)
    except Exception as error:  # noqa: BLE001  a defect must not reach the user
        _log.exception("a request failed")
        kind = type(error).__name__
        detail = f"the companion failed ({kind}); its companion.log has the details"
        return refusal(ProtocolError(500, "failed", detail))


def length_of(headers: Mapping[str, str]) -> int:
    """Return the length of a request's body, which it claims.

    Args:
        headers: The headers, by names in lower case.

    Raises:
        ProtocolError: It is longer than a body may be, or is not stated.
    """
    text = headers.get("content-length", "0").strip()
    if "transfer-encoding" in headers or not (text.isascii() and text.isdecimal()):
        raise _malformed("a request with a body must have a Content-Length")
    # Python refuses to read very long numbers.
    if len(text) > len(str(LONGEST_BODY)) or int(text) > LONGEST_BODY:
        raise _too_large(f"a body of {text[:20]} bytes is too large")
    return int(text)


def room_for(length: int) -> memoryview:
    """Return memory for a body, which is used only as the body arrives.

    Raises:
        ProtocolError: The machine does not have that much memory.
    """
    try:
        return np.empty(length, np.uint8).data
    except MemoryError as error:
        detail = f"this machine has no memory for a body of {length} bytes"
        raise _too_large(detail) from error


def refusal(error: ProtocolError) -> Answer:
    """Return the answer that reports an error."""
    content = {"error": error.error, "detail": error.detail, **error.extra}
    return Answer(error.status, _JSON, [_json(content)])


def _call(request: Request) -> Call:
    parts = urlsplit(request.target)
    path = parts.path
    if request.method not in (*_METHODS, "HEAD") or not path.startswith(PREFIX):
        raise ProtocolError(404, "path", "the companion has no such route")
    header, arrays = _content(request)
    return Call(
        method="GET" if request.method == "HEAD" else request.method,
        path=tuple(unquote(part) for part in path[len(PREFIX) :].split("/")),
        query=_query(parts.query),
        client=_client(request.headers.get(CLIENT.lower())),
        header=header,
        arrays=arrays,
    )


def _query(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise _malformed(f"the query cannot be read: {error}") from error
    query = dict(pairs)
    if len(query) < len(pairs):
        raise _malformed("a query parameter occurs twice")
    return query


def _client(name: str | None) -> str | None:
    if name is None:
        return None
    try:
        return str(uuid.UUID(name))
    except ValueError as error:
        raise _malformed(f"the header {CLIENT} is not a UUID") from error


def _content(request: Request) -> tuple[dict[str, Any], list[Any]]:
    size = memoryview(request.body).nbytes
    if not size:
        return {}, []
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if media_type == frame.MEDIA_TYPE:
        try:
            return frame.read(request.body)
        except DamagedFileError as error:
            raise _malformed(str(error)) from error
    if media_type != _JSON:
        raise _malformed(f"a body must be {_JSON} or {frame.MEDIA_TYPE}")
    if size > _LONGEST_JSON:
        raise _too_large(f"JSON may have {_LONGEST_JSON} bytes")
    try:
        header = shallow_json.loads(bytes(request.body))
    except ValueError as error:
        raise _malformed(f"the body is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise _malformed("the body is not a JSON object")
    return header, []


def _malformed(detail: str) -> ProtocolError:
    return ProtocolError(400, "malformed", detail)


def _too_large(detail: str) -> ProtocolError:
    return ProtocolError(413, "size", detail)


def _written(reply: Reply) -> Answer:
    if reply.content is not None:
        body, media_type = reply.content
        return Answer(200, media_type, [body])
    if reply.frame is not None:
        return Answer(200, frame.MEDIA_TYPE, reply.frame.parts(reply.header))
    return Answer(200, _JSON, [_json(reply.header)])


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
