"""The companion inside DataLab, and requests to it by the standard library."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import numpy as np

from datalab_workspace.live.codecs import frame
from datalab_workspace.model.record import Record
from support.real_datalab.application import CALL, Application


class RefusedError(Exception):
    """An error of the protocol: its status, and what it says."""

    def __init__(self, status: int, answer: dict[str, Any]) -> None:
        super().__init__(f"{status} {answer}")
        self.status = status
        self.answer = answer


class WindowClient:
    """A client of the companion of a DataLab.

    Args:
        datalab: The DataLab.
    """

    def __init__(self, datalab: Application) -> None:
        self.datalab = datalab
        self.client = str(uuid4())
        self._companion = datalab.companion

    def evaluate(self, code: str) -> Any:
        """Evaluate an expression in the window."""
        return self.datalab.evaluate(code)

    def act(self, name: str, *arguments: Any) -> Any:
        """Do what a user does; see `inside/acting.py`."""
        return self.datalab.act(name, *arguments)

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        records: Sequence[Record] = (),
        client: str | None = None,
        **query: Any,
    ) -> Any:
        """Send a request; return the answer, or the header and arrays of a frame.

        Raises:
            RefusedError: The answer is an error.
        """
        content = b""
        headers = {"DataLab-Client": client or self.client}
        headers |= self._companion.authorization
        if records:
            writer = frame.FrameWriter()
            encoded = [writer.encode_record(record) for record in records]
            content = b"".join(writer.parts({**(body or {}), "records": encoded}))
            headers["Content-Type"] = frame.MEDIA_TYPE
        elif body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        target = f"/api/kernel/v1/{path}" + (f"?{urlencode(query)}" if query else "")
        connection = self._companion.connect(2 * CALL)
        try:
            connection.request(method, target, content, headers)
            answer = connection.getresponse()
            found = answer.read()
        finally:
            connection.close()
        media = answer.getheader("Content-Type")
        if media == frame.MEDIA_TYPE:
            return frame.read(bytearray(found))
        if media == "image/png":
            return found
        reply = json.loads(found)
        if answer.status != 200:
            raise RefusedError(answer.status, reply)
        return reply

    def snapshot(self, **query: Any) -> Any:
        """Return the state of the window."""
        return self.ask("GET", "snapshot", **query)

    def do(
        self, *ops: Mapping[str, Any], records: Sequence[Record] = (), **rest: Any
    ) -> Any:
        """Carry out a transaction."""
        query = {
            k: rest.pop(k) for k in ("wait", "since", "boot", "client") if k in rest
        }
        return self.ask(
            "POST", "transaction", {"ops": ops, **rest}, records=records, **query
        )

    def add(self, *names: str, kind: str = "signal", **entries: Any) -> list[str]:
        """Add objects in one transaction; return their UUIDs."""
        records = [signal(name) if kind == "signal" else image(name) for name in names]
        ops = [
            {"op": "add", "record": number, "name": name, **entries}
            for number, name in enumerate(names)
        ]
        return list(self.do(*ops, records=records)["uuids"])

    def records(self, *uuids: str, parts: str = "all") -> list[Record]:
        """Return objects as records."""
        header, arrays = self.ask("POST", "objects", {"uuids": uuids, "parts": parts})
        return [frame.decode_record(data, arrays) for data in header["objects"]]


def signal(title: str = "signal", points: int = 10, **fields: Any) -> Record:
    """Return the record of a signal."""
    x = np.arange(points, dtype=float)
    xydata = np.stack([x, np.sin(x)])
    return Record("signal", {"title": title, **fields}, {"xydata": xydata})


def image(title: str = "image", side: int = 8, **fields: Any) -> Record:
    """Return the record of an image."""
    data = np.arange(side * side, dtype=np.uint16).reshape(side, side)
    return Record("image", {"title": title, **fields}, {"data": data})
