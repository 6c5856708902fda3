"""Where a workspace is to be: what the environment and DataLab's own files say.

Nothing here deletes or changes anything: a stale file is DataLab's to remove.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from datalab_workspace.errors import LiveError
from datalab_workspace.runtime import IN_BROWSER
from datalab_workspace.validation import one_of

if TYPE_CHECKING:
    from datalab_workspace.live.clients.webapi import WebApi
    from datalab_workspace.live.transport.base import Timeouts

MODE_VARIABLE = "DATALAB_KERNEL_MODE"
URL_VARIABLE = "DATALAB_WORKSPACE_URL"
TOKEN_VARIABLE = "DATALAB_WORKSPACE_TOKEN"  # noqa: S105  the name of a variable
PORT_VARIABLE = "DATALAB_XMLRPCPORT"
#: Where DataLab's Web API is by default, whoever's DataLab it is.
DEFAULT_URL = "http://127.0.0.1:18080"
#: Seconds that finding a DataLab, or finding none, may take.
WITHIN = 2.0
#: Seconds that reaching one takes where a browser may ask its user first.
_WITH_CONSENT = 30.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1", "0.0.0.0")  # noqa: S104  compared only
_LARGEST_FILE = 1 << 16

How: TypeAlias = Literal[
    "environment", "page", "connection file", "settings", "default port", "url"
]


Mode: TypeAlias = Literal["auto", "standalone", "live"]


def wanted_mode() -> Mode:
    """Return where the environment asks a workspace to be.

    Raises:
        ValueError: It asks for a mode that there is not.
    """
    mode = os.environ.get(MODE_VARIABLE, "") or "auto"
    one_of(mode, MODE_VARIABLE, ("auto", "standalone", "live"))
    return mode  # type: ignore[return-value]  # it is one of them


@dataclass(frozen=True)
class Endpoint:
    """A DataLab that answered.

    Attributes:
        how: By what it was found.
        version: DataLab's version.
        url: URL of its Web API, None where that is not started.
        token: The token for it, None where none is known.
        xmlrpc_port: Port of its XML-RPC server, None where that does not answer, or is
            not known to be of the same DataLab.
    """

    how: How
    version: str
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    xmlrpc_port: int | None = None


@dataclass(frozen=True)
class Search:
    """What a search came to.

    Attributes:
        found: The user's own DataLab, None where none was found.
        default: What answers on the default port and is not known to be the user's
            own; only to be told, or attached when the user asks for it.
        notes: What was tried in vain and why, a sentence each, without secrets.
        named: The environment names a URL.
    """

    found: Endpoint | None
    default: Endpoint | None
    notes: tuple[str, ...]
    named: bool = False


def search(within: float = WITHIN, *, default: bool = True) -> Search:
    """Look for a running DataLab of this user.

    The environment is looked at first; where it names a URL, that is the one or there
    is none. Then come the file in which DataLab tells how to connect to it, and the
    settings in which it keeps its XML-RPC port; in a browser, the page's settings.

    Args:
        within: Seconds that this may take.
        default: Look at the default port, too.
    """
    return _Searching(within).search(default=default)


def locate(url: str, token: str | None, within: float | None = None) -> Endpoint:
    """Return the DataLab at a URL.

    Args:
        url: URL of its Web API.
        token: Its token; if left out, the one that the environment, DataLab's own file
            or the page's settings give for this URL, and for no other.
        within: Seconds that this may take; if left out, `WITHIN`, and in a browser what
            its user may need to answer it.

    Raises:
        LiveError: It does not answer there.
        ValueError: That is no URL of a server.
    """
    if within is None:
        within = _WITH_CONSENT if IN_BROWSER else WITHIN
    return _Searching(within).locate(url, token)


class _Searching:
    def __init__(self, within: float) -> None:
        self._end = time.monotonic() + within
        self._notes: list[str] = []

    def locate(self, url: str, token: str | None) -> Endpoint:
        from datalab_workspace.live.transport.address import host_and_port

        where = host_and_port(url)
        named = os.environ.get(URL_VARIABLE)
        if token is None and named and host_and_port(named) == where:
            token = os.environ.get(TOKEN_VARIABLE) or None
        if token is None:
            told = self._read_page() if IN_BROWSER else self._read_connection_file()
            told = told or {}
            if isinstance(told.get("url"), str) and host_and_port(told["url"]) == where:
                token = told.get("token") or None
        client = self._client(url, token)
        try:
            status = client.status(self._timeouts())
        finally:
            client.close()
        endpoint = Endpoint("url", status.version, client.url, token)
        return self._with_xmlrpc(endpoint)

    def search(self, *, default: bool) -> Search:
        url = os.environ.get(URL_VARIABLE)
        ways: list[Callable[[], Endpoint | None]]
        if url:
            ways = [lambda: self._by_environment(url)]
        elif IN_BROWSER:
            ways = [self._by_page]
        else:
            ways = [self._by_connection_file, self._by_settings]
        found = next(filter(None, (way() for way in ways)), None)
        notes = tuple(self._notes)
        other = None
        if found is None and not url and default:
            # That nothing is there is no news: whatever it says is not noted.
            other = self._ask(DEFAULT_URL, None, "default port")
        return Search(found, other, notes, bool(url))

    def _by_environment(self, url: str) -> Endpoint | None:
        token = os.environ.get(TOKEN_VARIABLE) or None
        endpoint = self._ask(url, token, "environment")
        return endpoint and self._with_xmlrpc(endpoint)

    def _by_page(self) -> Endpoint | None:
        told = self._read_page()
        url, token = told.get("url"), told.get("token")
        if url is None:
            return None
        if not isinstance(url, str) or not isinstance(token, str | None):
            self._notes.append("the page's settings name no URL and token as texts")
            return None
        return self._ask(url, token, "page")

    def _read_page(self) -> Mapping[str, Any]:
        from datalab_workspace.live.clients.page import page_settings

        try:
            return page_settings()
        except (ValueError, RecursionError) as error:
            self._notes.append(
                f"the page's settings cannot be read ({type(error).__name__})"
            )
            return {}

    def _by_connection_file(self) -> Endpoint | None:
        told = self._read_connection_file()
        if told is None:
            return None
        path = connection_file()
        url, token, pid = (told.get(key) for key in ("url", "token", "pid"))
        if not isinstance(url, str) or not isinstance(token, str | None):
            self._notes.append(f"{path} is no connection file of DataLab's")
            return None
        if type(pid) is int and not _runs(pid):
            self._notes.append(f"{path} is stale: process {pid} of it has ended")
            return None
        endpoint = self._ask(url, token, "connection file")
        return endpoint and self._with_xmlrpc(endpoint)

    def _read_connection_file(self) -> dict[str, Any] | None:
        path = connection_file()
        try:
            return _read_json(path)
        except (OSError, ValueError, RecursionError) as error:
            if not isinstance(error, FileNotFoundError):
                self._notes.append(f"{path} cannot be read ({type(error).__name__})")
            return None

    def _by_settings(self) -> Endpoint | None:
        for port in self._xmlrpc_ports():
            status = self._ask_xmlrpc(port)
            if status is None:
                continue
            version, webapi = status
            url, token = webapi.get("url"), webapi.get("token")
            if not webapi.get("running") or not isinstance(url, str):
                url = token = None
            return Endpoint("settings", version, url, token, port)
        return None

    def _with_xmlrpc(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint with the XML-RPC port of the same DataLab."""
        from datalab_workspace.live.transport.address import host_and_port

        assert endpoint.url is not None
        host, port = host_and_port(endpoint.url)
        for candidate in self._xmlrpc_ports() if host in _LOOPBACK else ():
            status = self._ask_xmlrpc(candidate)
            told = status[1].get("url") if status else None
            if isinstance(told, str) and host_and_port(told)[1] == port:
                return Endpoint(
                    endpoint.how,
                    endpoint.version,
                    endpoint.url,
                    endpoint.token,
                    candidate,
                )
            if told is not None:
                self._notes.append(
                    f"the XML-RPC port {candidate} is of another DataLab ({told!r:.80})"
                )
        return endpoint

    def _xmlrpc_ports(self) -> Iterator[int]:
        if IN_BROWSER:
            return  # no page may ask an XML-RPC server of DataLab's
        from datalab_workspace.live.clients.settings import xmlrpc_port

        text = os.environ.get(PORT_VARIABLE, "")
        if text.isascii() and text.isdigit() and len(text) < 6:
            yield int(text)
            return
        if text:
            self._notes.append(f"{PORT_VARIABLE} is no port")
        port = xmlrpc_port()
        if port is not None and not _is_anothers(port):
            yield port

    def _ask(self, url: str, token: str | None, how: How) -> Endpoint | None:
        try:
            client = self._client(url, token)
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
        return Endpoint(how, status.version, client.url, token)

    def _client(self, url: str, token: str | None) -> WebApi:
        from datalab_workspace.live.clients.webapi import WebApi
        from datalab_workspace.live.transport.choice import transport_to

        return WebApi(transport_to(url, token))

    def _ask_xmlrpc(self, port: int) -> tuple[str, Mapping[str, Any]] | None:
        from datalab_workspace.live.clients.xmlrpc import XmlRpc

        client = XmlRpc(port)
        try:
            version = client.version(self._timeouts().read)
            # Asked once it is known not to be stuck.
            told = client.call("get_webapi_status", timeouts=self._timeouts())
        except LiveError as error:
            self._notes.append(f"by the XML-RPC port {port}: {error}")
            return None
        finally:
            client.close()
        return version, told if isinstance(told, dict) else {}

    def _timeouts(self) -> Timeouts:
        """Return what the next request may take of the time that is left."""
        from datalab_workspace.live.transport.base import Timeouts

        half = max(0.01, (self._end - time.monotonic()) / 2)
        return Timeouts(connect=half / 2, read=half)


def connection_file() -> Path:
    """Return where DataLab writes down how to connect to it."""
    if os.name == "nt":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "datalab" / "webapi_connection.json"


def _read_json(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _LARGEST_FILE:
        raise ValueError("it is too large")
    told = json.loads(path.read_text("utf-8"))
    if not isinstance(told, dict):
        raise ValueError("it is no dict")  # noqa: TRY004  it was read
    return told


def _runs(pid: int) -> bool:
    """Tell whether a process of this user runs; True where that cannot be told."""
    if os.name == "nt":
        return True  # os.kill would end it
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except OSError:  # gone, or the number is now that of another user's process
        return False
    return True


def _is_anothers(port: int) -> bool:
    """Tell whether another user listens on a port; False where that cannot be told."""
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
