"""The client of DataLab's Web API: objects by name, as Records.

DataLab's answers are taken as DataLab 1.3 gives them, its defects included; whatever
goes wrong becomes one error that says with which object, what DataLab said and what to
do about it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

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
from datalab_workspace.live.transport.base import Answer, Body, Timeouts
from datalab_workspace.model.record import KINDS, Kind, Record
from datalab_workspace.validation import one_of

# DataLab puts the name in a header of its answer, and fails where it can't stand there.
_UNROUTABLE = re.compile("[/\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
#: The texts of an object that the Web API can set.
TEXTS = ("title", "xlabel", "ylabel", "zlabel", "xunit", "yunit", "zunit")


@dataclass(frozen=True)
class ServerStatus:
    """What DataLab says of itself, to anybody.

    Attributes:
        version: DataLab's version.
        api_version: The version of its Web API: "v1".
        needs_token: It takes no request from this machine without a token either.
    """

    version: str
    api_version: str
    needs_token: bool


@dataclass(frozen=True)
class Listed:
    """An object as DataLab lists it.

    Attributes:
        name: The name by which it is addressed: its title. Where several have the same,
            the first of them is addressed, whichever is meant.
        kind: "signal" or "image"; of one that has the title of another before it, that
            of the first.
        shape: (N,) of a signal, (H, W) of an image; () of such a one.
        dtype: Element type of the data; None of such a one.
        texts: Labels and units; none of such a one.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    texts: Mapping[str, str]


def can_route(name: str) -> bool:
    """Tell whether the Web API can address an object of that name."""
    return name not in ("", ".", "..") and not _UNROUTABLE.search(name)


class WebApi(Requests):
    """DataLab's Web API.

    See `Requests` for its argument and for the errors that every method raises.
    """

    def status(self, timeouts: Timeouts | None = None) -> ServerStatus:
        """Return what DataLab says of itself; needs no token."""
        said = self._json(self._get("/status", timeouts), 200)
        try:
            if said["running"] is not True:
                raise ValueError("it does not run")  # noqa: TRY301
            return ServerStatus(
                str(said["version"]),
                str(said["api_version"]),
                not said.get("localhost_no_token", False),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._nonsense(said) from error

    def objects(self, timeouts: Timeouts | None = None) -> list[Listed]:
        """Return all objects: signals, then images, in DataLab's order."""
        said = self._json(self._get("/objects", timeouts), 200)
        try:
            return _first_told([_listed(item) for item in said["objects"]])
        except (KeyError, TypeError, ValueError) as error:
            raise self._nonsense(said) from error

    def describe(self, name: str) -> Listed:
        """Return what DataLab lists of one object.

        Raises:
            ObjectNotFoundError: No object has the name.
            InvalidNameError: None can be addressed by it.
        """
        return self._listed(self._get(_route(name)), 200, name)

    def get(self, name: str, *, uuid: str | None = None) -> Record:
        """Return an object, as far as the Web API brings it; see `npz.decode`.

        Args:
            name: Its name.
            uuid: Its UUID, where it is known; the Web API does not tell.

        Raises:
            ObjectNotFoundError: No object has the name.
            InvalidNameError: None can be addressed by it.
        """
        return sidecar.join(self.get_plain(name, uuid=uuid), NPZ)

    def get_plain(self, name: str, *, uuid: str | None = None) -> Record:
        """Return an object as it is there, whatever its sidecar says; see `get`."""
        answer = self._get(f"{_route(name)}/data?compress=false")
        self._check(answer, 200, name)
        try:
            return npz.read(answer.body, uuid=uuid)
        except DamagedFileError as error:
            raise DataLabError(
                f"what DataLab at {self.url} sent for {name!r:.80} cannot be read: "
                f"{error}"
            ) from error

    def put(self, name: str, record: Record, *, overwrite: bool = False) -> Listed:
        """Add an object under a name, which becomes its title.

        DataLab selects it and shows its kind. The record's UUID becomes the object's;
        it must be no other object's, on which DataLab would open a box.

        Args:
            name: The name.
            record: The object.
            overwrite: Remove the first object of that name, of whatever kind, first.

        Returns:
            What DataLab lists of the new object.

        Raises:
            NameConflictError: An object has the name.
            InvalidNameError: None can be addressed by it.
            UnsupportedDtypeError: DataLab can't hold the data without loss.
            UnsupportedObjectError: DataLab refuses the object.
        """
        path = f"{_route(name)}/data?overwrite={str(overwrite).lower()}"
        answer = self._request(
            "PUT",
            path,
            headers={"Content-Type": "application/x-npz"},
            body=Body(npz.encode(record)),
        )
        return self._listed(answer, 201, name)

    def patch(self, name: str, **texts: str) -> None:
        """Set the title, labels or units of an object.

        DataLab 1.3 fails after it has done so; what it did is read back.

        Args:
            name: Its name.
            texts: The new texts: title, xlabel, xunit, ylabel…

        Raises:
            ObjectNotFoundError: No object has the name.
            InvalidNameError: None can be addressed by it, or by the new title.
            NameConflictError: Another object has the new title.
        """
        for field in texts:
            one_of(field, "field", TEXTS)
        path = f"{_route(name)}/metadata"
        title = texts.get("title", name)
        if title != name and self._exists(title):
            raise NameConflictError(
                f"{title!r:.80} is another object's name in DataLab; choose another"
            )
        try:
            answer = self._send_json("PATCH", path, texts)
        except ConnectionLostError:
            answer = None
        if answer is None or answer.status >= 500:
            self._verify(name, title, texts)
        else:
            self._listed(answer, 200, name)

    def retitle(self, name: str, title: str) -> None:
        """Set the title of an object, to that of another one, too.

        DataLab 1.3 does so and then fails; whether it did is to be looked at. What its
        window shows stays as it was.

        Args:
            name: Its name.
            title: The new title, which need not be one that can be addressed.

        Raises:
            ObjectNotFoundError: No object has the name.
            InvalidNameError: None can be addressed by it.
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
            InvalidNameError: None can be addressed by it.
        """
        self._check(self._request("DELETE", _route(name)), 204, name)

    def select(self, names: Sequence[str], kind: Kind | None = None) -> None:
        """Select objects of one kind, without switching to it in the window.

        Args:
            names: Their names.
            kind: Their kind, where there are objects of both kinds of a name.

        Raises:
            ObjectNotFoundError: No object has one of the names.
            UnsupportedObjectError: They are of both kinds.
        """
        selection = {"selection": list(names), "panel": kind}
        answer = self._send_json("POST", "/select", selection, repeatable=True)
        said = self._json(answer, 200, ", ".join(names))
        if not isinstance(said, dict) or "selected" not in said:
            raise self._nonsense(said)

    def calc(self, name: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Compute something of what is selected in the panel that the window shows.

        A box opens in DataLab where that fails.

        Args:
            name: Name of the feature.
            parameters: Values of its parameters that JSON can hold, by name.
        """
        call = {"name": name, "param": parameters and dict(parameters)}
        said = self._json(self._send_json("POST", "/calc", call), 200, name)
        if not isinstance(said, dict) or said.get("success") is not True:
            raise self._nonsense(said)

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
        lacking = {field for field, text in texts.items() if have.get(field) != text}
        if lacking:
            raise DataLabError(
                f"DataLab failed to set {', '.join(sorted(lacking))} of {name!r:.80}"
            )

    def _listed(self, answer: Answer, expected: int, name: str) -> Listed:
        said = self._json(answer, expected, name)
        try:
            return _listed(said)
        except (KeyError, TypeError, ValueError) as error:
            raise self._nonsense(said) from error


def _route(name: str) -> str:
    if not can_route(name):
        raise InvalidNameError(
            f"DataLab's Web API cannot address an object by the name {name!r:.80}: "
            "'.', '..', '' and names with '/' or control characters need XML-RPC"
        )
    return f"/objects/{quote(name, safe='')}"


def _listed(item: Any) -> Listed:
    if item["type"] not in KINDS:
        raise ValueError(item["type"])
    texts = {field: str(item.get(field) or "") for field in TEXTS}
    shape = tuple(int(length) for length in item["shape"])
    return Listed(
        str(item["name"]), item["type"], shape, np.dtype(item["dtype"]), texts
    )


def _first_told(listed: list[Listed]) -> list[Listed]:
    """Leave out what DataLab tells of the first instead of another one of its title."""
    seen: set[str] = set()
    told = []
    for item in listed:
        told.append(
            Listed(item.name, item.kind, (), None, {}) if item.name in seen else item
        )
        seen.add(item.name)
    return told
