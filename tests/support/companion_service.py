"""A service of calls for tests of the companion's ports, without DataLab."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np

from datalab_kernel.desktop.companion.exchange import Call, ProtocolError, Reply
from datalab_workspace.live.codecs.frame import FrameWriter


@dataclass
class StandIn:
    """Answers by what the path asks for, and notes the calls.

    * ``echo`` sends the header and the arrays of the call back;
    * ``wait`` waits until the service is closed or `freed`;
    * ``fail`` raises an exception that is not of the protocol;
    * ``picture`` answers bytes of a media type;
    * anything else is 404.
    """

    calls: list[Call] = field(default_factory=list)
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    freed: threading.Event = field(default_factory=threading.Event)
    closed: bool = False

    def answer(self, call: Call) -> Reply:
        self.calls.append(call)
        match call.path:
            case ("echo",):
                return self._echo(call)
            case ("wait",):
                self.waiting.release()
                self.freed.wait(60)
                if self.closed:
                    raise ProtocolError(503, "closing", "DataLab is closing")
                return Reply({"waited": True})
            case ("fail",):
                raise KeyError("a name of the user's")
            case ("picture",):
                return Reply(content=(b"picture", "image/png"))
        raise ProtocolError(404, "path", "there is no such route", asked=call.path)

    def close(self) -> None:
        self.closed = True
        self.freed.set()

    @staticmethod
    def _echo(call: Call) -> Reply:
        header = {k: v for k, v in call.header.items() if k != "blobs"}
        header |= {"query": dict(call.query), "client": call.client}
        if not call.arrays:
            return Reply(header)
        frame = FrameWriter()
        for array in call.arrays:
            frame.put(np.asarray(array))
        return Reply(header, frame)
