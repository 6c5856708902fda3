"""One request of the companion protocol and its answer, as Python values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datalab_workspace.live.codecs.frame import FrameWriter


@dataclass(frozen=True)
class Call:
    """A request that was let in.

    Attributes:
        method: "GET", "POST" or "DELETE".
        path: The parts of the path after ``/api/kernel/v1/``.
        query: The query parameters.
        client: The UUID by which the client names itself; None if it does not.
        header: The JSON body, or the header of the frame.
        arrays: The arrays of the frame, as views of the body.
    """

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    client: str | None = None
    header: Mapping[str, Any] = field(default_factory=dict, repr=False)
    arrays: list[np.ndarray[Any, Any]] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Reply:
    """An answer.

    Attributes:
        header: The JSON body, or the header of a frame.
        frame: The arrays of a frame; None for an answer in JSON.
        content: The body of an answer that is neither, with its media type.
    """

    header: dict[str, Any] = field(default_factory=dict)
    frame: FrameWriter | None = None
    content: tuple[bytes, str] | None = None


class ProtocolError(Exception):
    """An error that the protocol reports, after which nothing is done.

    Args:
        status: The HTTP status.
        error: The word for programs.
        detail: The sentence for people.
        extra: Other entries of the answer.
    """

    def __init__(self, status: int, error: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.error = error
        self.detail = detail
        self.extra = extra
