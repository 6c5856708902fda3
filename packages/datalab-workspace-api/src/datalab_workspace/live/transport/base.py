"""The interface of a transport: one HTTP request in, one complete answer out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Buffer: TypeAlias = "bytes | bytearray | memoryview"

#: Bytes per second below which a router counts as stuck.
SLOWEST = 1 << 20


@dataclass(frozen=True)
class Timeouts:
    """How long to wait, in seconds.

    Attributes:
        connect: For the connection to be accepted.
        read: For the whole answer, besides one second for each MiB that is sent or
            received, so that a slow link is no failure and a trickle is one.
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
class Answer:
    """A complete answer.

    Attributes:
        status: The HTTP status.
        headers: The headers, by name in lower case.
        body: The body; it is nobody else's and may be written to.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Buffer = field(repr=False)


class Transport(ABC):
    """Carries requests to one server.

    Whatever implements it sends a token in the ``Authorization`` header alone, takes no
    answer that a redirect led to, and tells of the token in no text.
    """

    @property
    @abstractmethod
    def url(self) -> str:
        """The server's URL, without a slash at the end and without secrets."""

    @abstractmethod
    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        timeouts: Timeouts | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """Send a request and return the answer, whatever its status.

        Args:
            method: The HTTP method.
            path: Path and query, percent-encoded.
            headers: Headers besides those that the transport sends itself.
            body: The body.
            timeouts: How long to wait; the transport's own where left out.
            repeatable: Doing it twice is the same as doing it once, so that it may be
                sent again where a connection that was kept alive turns out to be dead.

        Raises:
            UnreachableError: Nothing accepts the connection.
            NoAnswerError: The answer was not complete in time.
            ConnectionLostError: The connection ended before the answer was complete.
            DataLabError: What came is no HTTP answer, or a redirect, or too large.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connection; a later request opens another one."""
