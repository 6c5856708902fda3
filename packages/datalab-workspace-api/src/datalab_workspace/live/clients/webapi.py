"""The client of DataLab's Web API, which gets and sends objects by name, as Records.

It expects the answers that DataLab 1.3 gives, including its defects. Each error names
the object, quotes DataLab and says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import numpy as np

from datalab_workspace.encoding import sidecar
from datalab_workspace.encoding.carriers import NPZ
from datalab_workspace.errors import (
    ConnectionLostError,
    DamagedFileError,
    DataLabError,
    InvalidNameError,
    NameConflictError,
    ObjectNotFoundError,
)
from datalab_workspace.live.clients.webapi_requests import Requests
from datalab_workspace.live.codecs import npz
from datalab_workspace.live.transport.base import Body, Request, Timeouts
from datalab_workspace.model.record import KINDS, Kind, Record
from datalab_workspace.validation import one_of

# DataLab puts the name in a header of its answer, and fails if a header can't hold it.
_UNROUTABLE = re.compile("[/\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
#: The strings of an object that the Web API can set.
TEXTS = ("title", "xlabel", "ylabel", "zlabel", "xunit", "yunit", "zunit")


@dataclass(frozen=True)
class ServerStatus:
    """The status of DataLab, which it reports without a token.

    Attributes:
        version: DataLab's version.
        api_version: The version of its Web API: "v1".
        needs_token: Requests from this machine need a token, too.
    """

    version: str
    api_version: str
    needs_token: bool


@dataclass(frozen=True)
class Listed:
    """An entry of DataLab's list of objects.

    If several objects have the same title, DataLab describes the first of them in the
    entries of the others, too. Then only `name` is correct in those entries.

    Attributes:
        name: The title of the object, by which requests address it. If several objects
            have the same title, a request reaches the first of them.
        kind: "signal" or "image".
        shape: (N,) of a signal, (H, W) of an image; () if it is not known.
        dtype: Element type of the data; None if it is not known.
        texts: The known labels and units.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    texts: Mapping[str, str]


def can_route(name: str) -> bool:
    """Return whether the Web API can address an object of that name."""
    return name not in ("", ".", "..") and not _UNROUTABLE.search(name)


class WebApi(Requests):
    """DataLab's Web API.

    See `Requests` for its argument and for the errors of every method.
    """

    def status(self, timeouts: Timeouts | None = None) -> ServerStatus:
        """Return the status of DataLab; this needs no token."""
        answer = self._get("/status", timeouts=timeouts)
        status = self._parse(answer, 200, _status)
        return replace(
            status,
            version=self._transport.clean(status.version, 40),
            api_version=self._transport.clean(status.api_version, 40),
        )

    def check(self, timeouts: Timeouts | None = None) -> None:
        """Make sure that DataLab accepts the token.

        It asks for an object that does not exist: to list objects, DataLab copies all
        of them.

        Raises:
            TokenError: DataLab does not accept it.
        """
        self._check(self._get(f"/objects/{uuid4().hex}", timeouts=timeouts), 404)

    def objects(self, timeouts: Timeouts | None = None) -> list[Listed]:
        """Return all objects: signals, then images, in DataLab's order."""
        return self._parse(self._get("/objects", timeouts=timeouts), 200, _objects)

    def describe(self, name: str) -> Listed:
        """Return the entry of one object in DataLab's list.

        Raises:
            ObjectNotFoundError: No object has the name.
            InvalidNameError: The Web API cannot address an object by it.
        """
        return self._parse(self._get(_route(name)), 200, _listed, name)

    def get(self, name: str, *, uuid: str | None = None) -> Record:
        """Return the parts of an object that the Web API carries; see `npz.read`.

        Args:
            name: Its name.
            uuid: Its UUID, if it is known; the Web API does not report it.

        Raises:
            ObjectNotFoundError: No object has the name.
            InvalidNameError: The Web API cannot address an object by it.
        """
        return sidecar.join(self.get_plain(name, uuid=uuid), NPZ)

    def get_plain(self, name: str, *, uuid: str | None = None) -> Record:
        """Return an object without applying its sidecar; see `get`."""
        answer = self._get(f"{_route(name)}/data", query="compress=false")
        self._check(answer, 200, name)
        try:
            return npz.read(answer.body, uuid=uuid)
        except DamagedFileError as error:
            raise DataLabError(
                f"DataLab at {self.url} sent an answer for {name!r:.80} that cannot be "
                f"read: {error}"
            ) from error

    def put(self, name: str, record: Record, *, overwrite: bool = False) -> Listed:
        """Add an object under a name, which becomes its title.

        DataLab selects it and shows its panel. The record's UUID becomes the object's.
        No other object may have it: DataLab would open a dialog.

        Args:
            name: The name.
            record: The object.
            overwrite: Before that, remove the first object of that name, of any kind.

        Returns:
            The entry of the new object in DataLab's list.

        Raises:
            NameConflictError: An object has the name.
            InvalidNameError: The Web API cannot address an object by it.
            UnsupportedDtypeError: DataLab can't hold the data without loss.
            UnsupportedObjectError: DataLab refuses the object.
        """
        request = Request(
            "PUT",
            f"{_route(name)}/data",
            query=f"overwrite={str(overwrite).lower()}",
            headers={"Content-Type": "application/x-npz"},
            body=Body(npz.encode(record)),
        )
        return self._parse(self._send(request), 201, _listed, name)

    def patch(self, name: str, **texts: str) -> None:
        """Set the title, labels or units of an object.

        DataLab 1.3 sets them and then reports a failure, so the result is read back.

        Args:
            name: Its name.
            texts: The new strings: title, xlabel, xunit, ylabel…

        Raises:
            ObjectNotFoundError: No object has the name.
            InvalidNameError: The Web API cannot address an object by it, or by the
                new title.
            NameConflictError: Another object has the new title.
        """
        for field in texts:
            one_of(field, "field", TEXTS)
        path = f"{_route(name)}/metadata"
        title = texts.get("title", name)
        if title != name and self._exists(title):
            raise NameConflictError(
                f"another object in DataLab has the name {title!r:.80}; choose a "
                "different one"
            )
        try:
            answer = self._send_json("PATCH", path, texts)
        except ConnectionLostError:
            answer = None
        if answer is None or answer.status >= 500:
            self._verify(name, title, texts)
        else:
            self._parse(answer, 200, _listed, name)

    def retitle(self, name: str, title: str) -> None:
        """Set the title of an object, which another object may have, too.

        DataLab 1.3 sets it and then reports a failure, so the caller must read the
        title back. The window still shows the old one.

        Args:
            name: Its name.
            title: The new title; the Web API need not be able to address it.

        Raises:
            ObjectNotFoundError: No object has the name.
            InvalidNameError: The Web API cannot address an object by it.
        """
        try:
            answer = self._send_json(
                "PATCH", f"{_route(name)}/metadata", {"title": title}
            )
        except ConnectionLostError:
            return
        if answer.status < 500:
            self._check(answer, 200, name)

    def remove(self, name: str) -> None:
        """Remove the first object of a name.

        Raises:
            ObjectNotFoundError: No object has the name.
            InvalidNameError: The Web API cannot address an object by it.
        """
        self._check(self._send(Request("DELETE", _route(name))), 204, name)

    def select(self, names: Sequence[str], kind: Kind | None = None) -> None:
        """Select objects of one kind, without switching to it in the window.

        Args:
            names: Their names.
            kind: Their kind, if objects of both kinds have one of the names.

        Raises:
            ObjectNotFoundError: No object has one of the names.
            UnsupportedObjectError: They are of both kinds.
        """
        selection = {"selection": list(names), "panel": kind}
        answer = self._send_json("POST", "/select", selection, repeatable=True)
        self._parse(answer, 200, lambda said: said["selected"], ", ".join(names))

    def calc(self, name: str, parameters: Mapping[str, Any] | None = None) -> list[str]:
        """Compute a feature from the selection in the panel that the window shows.

        If that fails, DataLab opens a dialog.

        Args:
            name: Name of the feature.
            parameters: Values of its parameters by name, all of them valid JSON.

        Returns:
            The titles of the results, without those that another object had before.
        """
        call = {"name": name, "param": parameters and dict(parameters)}
        return self._parse(self._send_json("POST", "/calc", call), 200, _results, name)

    def _exists(self, name: str) -> bool:
        try:
            self.describe(name)
        except ObjectNotFoundError:
            return False
        return True

    def _verify(self, name: str, title: str, texts: Mapping[str, str]) -> None:
        try:
            found = self.describe(title)
        except ObjectNotFoundError:
            found = self.describe(name)
        have = {**found.texts, "title": found.name}
        missing = {field for field, text in texts.items() if have.get(field) != text}
        if missing:
            raise DataLabError(
                f"DataLab failed to set {', '.join(sorted(missing))} of {name!r:.80}"
            )


def _route(name: str) -> str:
    if not can_route(name):
        raise InvalidNameError(
            f"DataLab's Web API cannot address an object by the name {name!r:.80}: a "
            "URL cannot hold '.', '..', '' and names with '/' or control characters; "
            "rename the object in DataLab's window"
        )
    return f"/objects/{quote(name, safe='')}"


def _status(said: Any) -> ServerStatus:
    if said["running"] is not True:
        raise ValueError(said["running"])
    needs_token = not said.get("localhost_no_token", False)
    return ServerStatus(str(said["version"]), str(said["api_version"]), needs_token)


def _results(said: Any) -> list[str]:
    if said["success"] is not True:
        raise ValueError(said["success"])
    return [str(title) for title in said.get("result_names") or ()]


def _listed(item: Any) -> Listed:
    if item["type"] not in KINDS:
        raise ValueError(item["type"])
    texts = {field: str(item.get(field) or "") for field in TEXTS}
    shape = tuple(int(length) for length in item["shape"])
    return Listed(
        str(item["name"]), item["type"], shape, np.dtype(item["dtype"]), texts
    )


def _objects(said: Any) -> list[Listed]:
    """Return the entries of a list; wrong descriptions are left out."""
    seen: set[str] = set()
    listed = []
    for item in map(_listed, said["objects"]):
        again = item.name in seen
        listed.append(Listed(item.name, item.kind, (), None, {}) if again else item)
        seen.add(item.name)
    return listed
