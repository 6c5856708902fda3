"""The addresses of running DataLabs, as a search finds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from datalab_workspace.live.transport.address import host_and_port
from datalab_workspace.live.transport.token import Token

How: TypeAlias = Literal[
    "environment",
    "page",
    "companion file",
    "connection file",
    "settings",
    "default port",
    "url",
]


@dataclass(frozen=True)
class Endpoint:
    """The address of a running DataLab.

    Attributes:
        how: The source of its address.
        version: DataLab's version; None if it has not answered yet.
        url: URL of its Web API; None if that is not started.
        token: The token for it; None if no token is known.
        xmlrpc_port: Port of its XML-RPC server; None if that does not answer, or may
            belong to a different DataLab.
        pid: Its process on this machine; None if it is not known.
        answered: It answered. Otherwise it accepted a connection, and is busy.
        companion_url: URL of the companion inside DataLab; None if it has none.
        companion_token: The token for the companion.
        boot: The identifier that the companion made when it started.
    """

    how: How
    version: str | None
    url: str | None = None
    token: Token | None = field(default=None, repr=False)
    xmlrpc_port: int | None = None
    pid: int | None = None
    answered: bool = True
    companion_url: str | None = None
    companion_token: Token | None = field(default=None, repr=False)
    boot: str | None = None

    @property
    def address(self) -> str:
        """The URL by which `Workspace.connect` finds it, or its XML-RPC port."""
        url = self.url or self.companion_url
        return url or f"XML-RPC port {self.xmlrpc_port}"

    @property
    def is_local(self) -> bool:
        """Whether it is known to run on this machine; its ports may be forwarded."""
        return self.pid is not None

    def is_same(self, other: Endpoint) -> bool:
        """Return whether two addresses are known to be those of one DataLab."""
        if self.pid is not None and other.pid is not None:
            return self.pid == other.pid
        if self.url is not None and other.url is not None:
            return host_and_port(self.url) == host_and_port(other.url)
        return self.xmlrpc_port is not None and self.xmlrpc_port == other.xmlrpc_port

    def with_protocols_of(self, other: Endpoint) -> Endpoint:
        """Return the address with the protocols that another source names for it."""
        return replace(
            self,
            url=self.url or other.url,
            token=self.token or other.token,
            xmlrpc_port=self.xmlrpc_port or other.xmlrpc_port,
            pid=self.pid or other.pid,
        )


def merged(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """Return each DataLab once, with all of its protocols, in the order of finding."""
    found: list[Endpoint] = []
    for endpoint in endpoints:
        for index, known in enumerate(found):
            if known.is_same(endpoint):
                found[index] = known.with_protocols_of(endpoint)
                break
        else:
            found.append(endpoint)
    return found


def describe(endpoint: Endpoint) -> str:
    """Return an endpoint as people read it: ``DataLab 1.3.0 at http://…``."""
    version = f" {endpoint.version}" if endpoint.version else ""
    return f"DataLab{version} at {endpoint.address}"


@dataclass(frozen=True)
class Search:
    """The result of a search.

    Attributes:
        found: The DataLab that the environment names, or else this user's DataLabs. A
            workspace attaches by itself only if there is exactly one.
        default: The DataLab on the default port, which may be another user's. It is
            reported, and attached only if the user asks for it.
        notes: The attempts that failed: one sentence for each, without secrets.
        named: The environment names a URL.
        others: This user's other DataLabs, if the environment names one. They are
            looked for if that one is not found, or if the caller asks for all.
    """

    found: tuple[Endpoint, ...] = ()
    default: Endpoint | None = None
    notes: tuple[str, ...] = ()
    named: bool = False
    others: tuple[Endpoint, ...] = ()

    @property
    def only(self) -> Endpoint | None:
        """The one DataLab that was found; None if there is none, or several."""
        return self.found[0] if len(self.found) == 1 else None
