"""The interface of a transport: one HTTP request in, one complete answer out."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from datalab_workspace.live.transport.address import checked_url
from datalab_workspace.live.transport.token import Token

Buffer: TypeAlias = "bytes | bytearray | memoryview"

#: Bytes per second below which a transfer counts as stuck.
SLOWEST = 1 << 20
#: Characters that would end a line of a request, or part of it.
_UNSAFE_TARGET = re.compile(r"[^!-~]")
_UNSAFE_HEADER = re.compile(r"[^ -~]")
#: Characters of a server's message that are processed.
_LONGEST_TEXT = 1 << 16


@dataclass(frozen=True)
class Timeouts:
    """The seconds to wait.

    Attributes:
        connect: For the connection to be accepted.
        read: For the whole answer, plus one second for each MiB that is sent or
            received. So a slow network is not an error, and a trickle is one.
    """

    connect: float = 2.0
    # DataLab itself gives up after 30 s, and then says why.
    read: float = 35.0


class Body:
    """The body of a request, in parts that are sent one after the other as they are.

    Args:
        parts: Buffers of contiguous bytes.
    """

    def __init__(self, parts: Sequence[Buffer] = ()) -> None:
        self.parts = tuple(memoryview(part).cast("B") for part in parts if len(part))

    def __len__(self) -> int:
        return sum(part.nbytes for part in self.parts)

    def __iter__(self) -> Iterator[memoryview]:
        return iter(self.parts)

    def __bytes__(self) -> bytes:
        return b"".join(self.parts)


@dataclass(frozen=True)
class Request:
    """One HTTP request.

    Attributes:
        method: The HTTP method.
        path: The path, percent-encoded.
        query: The query, percent-encoded, without its question mark.
        headers: Headers in addition to those that the transport sends itself.
        body: The body.
        timeouts: The seconds to wait; None for those of the transport.
        repeatable: Sending it twice does the same as sending it once. The transport
            may send it again on a new connection if the one that was kept open is dead.

    Raises:
        ValueError: A part contains characters that would end the request line or a
            header.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = field(default_factory=Body, repr=False)
    timeouts: Timeouts | None = None
    repeatable: bool = False

    def __post_init__(self) -> None:
        unsafe = _UNSAFE_TARGET.search(self.method + self.target)
        for name, value in self.headers.items():
            unsafe = unsafe or _UNSAFE_HEADER.search(name + value)
        if unsafe:
            raise ValueError(f"a request cannot contain {unsafe.group()!r}; encode it")

    @property
    def target(self) -> str:
        """The path with the query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def name(self) -> str:
        """The method and the path, for an error message."""
        return f"{self.method} {self.path:.200}"


@dataclass(frozen=True)
class Answer:
    """A complete answer.

    Attributes:
        status: The HTTP status.
        headers: The headers, by name in lower case.
        body: The body; nothing else holds it, and it may be written to.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Buffer = field(repr=False)


class Transport(ABC):
    """A way to send requests to one server.

    An implementation sends the token in the ``Authorization`` header only, follows no
    redirect, and never shows the token.

    Args:
        url: The server: ``http://host:port``.
        token: The token that the server expects.
        timeouts: The seconds to wait, for requests that do not set them.
        limit: The largest size of an answer in bytes.

    Raises:
        ValueError: `url` is not the URL of a server, or `token` cannot be sent.
    """

    #: Shown in the repr of a transport whose URL is refused.
    _url = ""

    def __init__(
        self,
        url: str,
        *,
        token: Token | None,
        timeouts: Timeouts | None,
        limit: int,
    ) -> None:
        self._url = checked_url(url)
        if token is not None:
            token.check()
        self._token = token
        self._timeouts = timeouts or Timeouts()
        self._limit = limit

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    @property
    def url(self) -> str:
        """The server's URL, without a slash at the end and without secrets."""
        return self._url

    @abstractmethod
    def send(self, request: Request) -> Answer:
        """Send a request and return the answer, whatever its status.

        Raises:
            UnreachableError: Nothing accepts the connection.
            NoAnswerError: The answer was not complete in time.
            ConnectionLostError: The connection ended before the answer was complete.
            DataLabError: It is not an HTTP answer, or it is a redirect, or too large.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connection; a later request opens a new one."""

    def clean(self, said: object, limit: int = 300) -> str:
        """Return a message of the server in a form that is safe to show.

        It is one line of at most `limit` characters, without control characters. If the
        server sends the token back, it is left out.
        """
        text = str(said)[:_LONGEST_TEXT]
        if self._token:
            text = self._token.redact(text)
        line = " ".join(text.split())
        return "".join(
            c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line
        )[:limit]
