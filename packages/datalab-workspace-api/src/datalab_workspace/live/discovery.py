"""The search for a running DataLab: in the environment and in DataLab's own files.

Nothing here deletes or changes anything: removing a stale file is left to DataLab.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from datalab_workspace.errors import LiveError
from datalab_workspace.live.transport.address import host_and_port
from datalab_workspace.live.transport.token import Token
from datalab_workspace.live.webapi_settings import (
    WebApiSettings,
    connection_file,
    from_connection_file,
    from_environment,
)
from datalab_workspace.runtime import IN_BROWSER
from datalab_workspace.validation import one_of

if TYPE_CHECKING:
    from datalab_workspace.live.clients.webapi import WebApi
    from datalab_workspace.live.clients.xmlrpc import XmlRpc
    from datalab_workspace.live.transport.base import Timeouts

MODE_VARIABLE = "DATALAB_KERNEL_MODE"
PORT_VARIABLE = "DATALAB_XMLRPCPORT"
#: The default address of DataLab's Web API; it may be another user's DataLab.
DEFAULT_URL = "http://127.0.0.1:18080"
#: Seconds that a search may take.
WITHIN = 2.0
#: Seconds that a request may take if a browser may ask its user first.
_WITH_CONSENT = 30.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1", "0.0.0.0")  # noqa: S104  compared only

How: TypeAlias = Literal[
    "environment", "page", "connection file", "settings", "default port", "url"
]
Mode: TypeAlias = Literal["auto", "standalone", "live"]


def wanted_mode() -> Mode:
    """Return the mode of workspaces that the environment asks for.

    Raises:
        ValueError: There is no such mode.
    """
    mode = os.environ.get(MODE_VARIABLE, "") or "auto"
    one_of(mode, MODE_VARIABLE, ("auto", "standalone", "live"))
    return mode  # type: ignore[return-value]  # it is one of them


@dataclass(frozen=True)
class CompanionAddress:
    """The address of a companion inside DataLab.

    Attributes:
        url: Its URL.
        token: Its token.
    """

    url: str
    token: Token | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Endpoint:
    """A DataLab that answered.

    Attributes:
        how: The source of its address.
        version: DataLab's version.
        url: URL of its Web API; None if that is not started.
        token: The token for it; None if no token is known.
        xmlrpc_port: Port of its XML-RPC server; None if that does not answer, or may
            belong to a different DataLab.
        companion: The address of its companion; None if it has none.
    """

    how: How
    version: str
    url: str | None = None
    token: Token | None = field(default=None, repr=False)
    xmlrpc_port: int | None = None
    companion: CompanionAddress | None = None


@dataclass(frozen=True)
class Search:
    """The result of a search.

    Attributes:
        found: The user's own DataLab; None if it was not found.
        default: The DataLab on the default port, which may be another user's. It is
            reported, and attached only if the user asks for it.
        notes: The attempts that failed: one sentence for each, without secrets.
        named: The environment names a URL.
    """

    found: Endpoint | None
    default: Endpoint | None
    notes: tuple[str, ...]
    named: bool = False


def search(within: float = WITHIN, *, default: bool = True) -> Search:
    """Look for a running DataLab of this user.

    If the environment names a URL, only that one is tried. Otherwise the search reads
    DataLab's connection file, then the settings that contain its XML-RPC port; in a
    browser, the settings of the page.

    Args:
        within: Seconds that the search may take.
        default: Also try the default port.
    """
    return _Searching(within).search(default=default)


def locate(
    url: str, token: Token | str | None, within: float | None = None
) -> Endpoint:
    """Return the DataLab at a URL.

    Args:
        url: URL of its Web API.
        token: Its token. If left out, it is the one that the environment, DataLab's own
            file or the page's settings give for this URL, and for no other.
        within: Seconds that this may take; by default `WITHIN`, or in a browser long
            enough for its user to answer a question.

    Raises:
        LiveError: DataLab does not answer there.
        ValueError: `url` is not the URL of a server.
    """
    secret = Token.of(token)
    del token  # a traceback may show the variables of this frame
    if within is None:
        within = _WITH_CONSENT if IN_BROWSER else WITHIN
    return _Searching(within).locate(url, secret)


class _Searching:
    def __init__(self, within: float) -> None:
        self._end = time.monotonic() + within
        self._notes: list[str] = []

    def locate(self, url: str, token: Token | None) -> Endpoint:
        if token is None:
            token = self._known_token(host_and_port(url))
        client = self._client(url, token)
        try:
            status = client.status(self._timeouts())
        finally:
            client.close()
        endpoint = Endpoint("url", status.version, client.url, token)
        return self._with_xmlrpc(endpoint)

    def _known_token(self, address: tuple[str, int]) -> Token | None:
        read = self._read_page if IN_BROWSER else self._read_connection_file
        for source in (from_environment, read):
            settings = source()
            if settings and settings.token and settings.is_at(address):
                return settings.token
        return None

    def search(self, *, default: bool) -> Search:
        named = from_environment()
        ways: list[Callable[[], Endpoint | None]]
        if named:
            ways = [lambda: self._by_environment(named)]
        elif IN_BROWSER:
            ways = [self._by_page]
        else:
            ways = [self._by_connection_file, self._by_settings]
        found = next(filter(None, (way() for way in ways)), None)
        notes = tuple(self._notes)
        other = None
        if found is None and not named and default:
            # Usually nothing listens there, so a failure needs no note.
            other = self._ask(WebApiSettings(DEFAULT_URL), "default port")
        return Search(found, other, notes, named is not None)

    def _by_environment(self, settings: WebApiSettings) -> Endpoint | None:
        endpoint = self._ask(settings, "environment")
        return endpoint and self._with_xmlrpc(endpoint)

    def _by_page(self) -> Endpoint | None:
        settings = self._read_page()
        return None if settings is None else self._ask(settings, "page")

    def _read_page(self) -> WebApiSettings | None:
        from datalab_workspace.live.clients.page import page_settings

        try:
            return page_settings()
        except (ValueError, RecursionError) as error:
            self._notes.append(
                f"the page's settings cannot be read ({type(error).__name__})"
            )
            return None

    def _by_connection_file(self) -> Endpoint | None:
        settings = self._read_connection_file()
        if settings is None:
            return None
        if settings.pid is not None and not _runs(settings.pid):
            self._notes.append(
                f"{connection_file()} is stale: its process {settings.pid} has ended"
            )
            return None
        endpoint = self._ask(settings, "connection file")
        return endpoint and self._with_xmlrpc(endpoint)

    def _read_connection_file(self) -> WebApiSettings | None:
        try:
            return from_connection_file()
        except ValueError as error:
            self._notes.append(str(error))
            return None

    def _by_settings(self) -> Endpoint | None:
        for port in self._xmlrpc_ports():
            answer = self._ask_xmlrpc(port)
            if answer is None:
                continue
            version, web = answer
            if web is None:
                return Endpoint("settings", version, xmlrpc_port=port)
            return Endpoint("settings", version, web.url, web.token, port)
        return None

    def _with_xmlrpc(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint with the XML-RPC port of the same DataLab."""
        if endpoint.url is None:
            return endpoint
        host, port = host_and_port(endpoint.url)
        for candidate in self._xmlrpc_ports() if host in _LOOPBACK else ():
            answer = self._ask_xmlrpc(candidate)
            web = answer[1] if answer else None
            if web is None:
                continue
            if _port_of(web.url) == port:
                return replace(endpoint, xmlrpc_port=candidate)
            self._notes.append(
                f"the XML-RPC port {candidate} belongs to another DataLab "
                f"({web.url!r:.80})"
            )
        return endpoint

    def _xmlrpc_ports(self) -> Iterator[int]:
        if IN_BROWSER:
            return  # no page may send requests to DataLab's XML-RPC server
        from datalab_workspace.live.clients.settings import xmlrpc_port

        text = os.environ.get(PORT_VARIABLE, "")
        if text.isascii() and text.isdigit() and len(text) < 6:
            yield int(text)
            return
        if text:
            self._notes.append(f"{PORT_VARIABLE} is not a port number")
        port = xmlrpc_port()
        if port is not None and not _is_of_another_user(port):
            yield port

    def _ask(self, settings: WebApiSettings, how: How) -> Endpoint | None:
        try:
            client = self._client(settings.url, settings.token)
        except ValueError as error:
            self._notes.append(f"the URL of the {how} cannot be used: {error}")
            return None
        try:
            status = client.status(self._timeouts())
        except LiveError as error:
            self._notes.append(f"by the {how}: {error}")
            return None
        finally:
            client.close()
        return Endpoint(how, status.version, client.url, settings.token)

    def _client(self, url: str, token: Token | None) -> WebApi:
        from datalab_workspace.live.clients.webapi import WebApi
        from datalab_workspace.live.transport import transport_to

        return WebApi(transport_to(url, token))

    def _ask_xmlrpc(self, port: int) -> tuple[str, WebApiSettings | None] | None:
        from datalab_workspace.live.clients.xmlrpc import XmlRpc

        client = XmlRpc(port)
        try:
            version = client.version(self._timeouts().read)
            # Only now, because the server is known to answer.
            return version, _web_api(client, self._timeouts())
        except LiveError as error:
            self._notes.append(f"by the XML-RPC port {port}: {error}")
            return None
        finally:
            client.close()

    def _timeouts(self) -> Timeouts:
        """Return the part of the remaining time that the next request may take."""
        from datalab_workspace.live.transport.base import Timeouts

        half = max(0.01, (self._end - time.monotonic()) / 2)
        return Timeouts(connect=half / 2, read=half)


def _web_api(client: XmlRpc, timeouts: Timeouts) -> WebApiSettings | None:
    """Return the Web API of an XML-RPC server's DataLab; None if it is not started."""
    status = client.call("get_webapi_status", timeouts=timeouts)
    if not isinstance(status, dict) or not status.get("running"):
        return None
    try:
        return WebApiSettings.of(status)
    except ValueError:
        return None


def _port_of(url: str) -> int | None:
    try:
        return host_and_port(url)[1]
    except ValueError:
        return None


def _runs(pid: int) -> bool:
    """Return whether a process of this user runs; True if that is not known."""
    if os.name == "nt":
        return True  # os.kill would end it
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except OSError:  # it has ended, or its number is another user's now
        return False
    return True


def _is_of_another_user(port: int) -> bool:
    """Return whether another user listens on a port; False if it is not known."""
    try:
        table = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    except (OSError, ValueError):
        return False
    listening = "0A"
    for row in table:
        _, local, _, state, _, _, _, uid, *_ = row.split()
        if state == listening and int(local.partition(":")[2], 16) == port:
            return int(uid) != os.getuid()
    return False
