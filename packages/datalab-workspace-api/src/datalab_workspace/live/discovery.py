"""The search for a running DataLab: in the environment and in DataLab's own files.

Nothing here deletes or changes anything: removing a stale file is left to DataLab.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from datalab_workspace.errors import DataLabError, LiveError
from datalab_workspace.live import token_prompt, window_file
from datalab_workspace.live.endpoint import Endpoint, How, Search, merged
from datalab_workspace.live.greeter import Greeter
from datalab_workspace.live.processes import is_running, listens_for_another_user
from datalab_workspace.live.transport.address import host_and_port
from datalab_workspace.live.transport.token import Token
from datalab_workspace.live.webapi_settings import (
    WebApiSettings,
    connection_file,
    from_connection_file,
    from_environment,
    of_running_datalab,
)
from datalab_workspace.runtime import IN_BROWSER
from datalab_workspace.validation import one_of

if TYPE_CHECKING:
    from datalab_workspace.live.companion_files import CompanionFile

__all__ = [
    "DEFAULT_URL",
    "MODE_VARIABLE",
    "PORT_VARIABLE",
    "WITHIN",
    "Endpoint",
    "Mode",
    "Search",
    "complete",
    "locate",
    "search",
    "wanted_mode",
]

MODE_VARIABLE = "DATALAB_KERNEL_MODE"
PORT_VARIABLE = "DATALAB_XMLRPCPORT"
#: The default address of DataLab's Web API; it may be another user's DataLab.
DEFAULT_URL = "http://127.0.0.1:18080"
#: Seconds that a search may take.
WITHIN = 2.0
#: Seconds to wait for a DataLab that was named by its URL and is busy, or in a browser
#: for its user, who may have to give permission first.
PATIENCE = 30.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1", "0.0.0.0")  # noqa: S104  compared only

Mode: TypeAlias = Literal["auto", "standalone", "live"]


def wanted_mode() -> Mode:
    """Return the mode of workspaces that the environment asks for.

    Raises:
        ValueError: There is no such mode.
    """
    mode = os.environ.get(MODE_VARIABLE, "") or "auto"
    one_of(mode, MODE_VARIABLE, ("auto", "standalone", "live"))
    return mode  # type: ignore[return-value]  # it is one of them


def search(
    within: float | None = None, *, default: bool = True, all: bool = False
) -> Search:
    """Look for the running DataLabs of this user.

    If the environment names a URL, that one is tried, and others only if it is not
    found. Otherwise the search reads the files of companions inside DataLab, DataLab's
    connection file and the settings that contain its XML-RPC port; in a browser, the
    settings of the page.

    Args:
        within: Seconds that the search may take; by default `WITHIN`.
        default: Also try the default port.
        all: Look for the others also if the one that the environment names is found.
    """
    window_file.update_environment()
    within = WITHIN if within is None else within
    return _Searching(within).search(default=default, all=all)


def locate(url: str, token: Token | str | None) -> Endpoint:
    """Return the DataLab at a URL.

    Args:
        url: URL of its Web API, or of the companion inside it.
        token: Its token. If left out, it is the one that the user was asked for, or
            that the environment, DataLab's own file or the page's settings give for
            this URL, and for no other.

    Raises:
        LiveError: DataLab does not answer there.
        ValueError: `url` is not the URL of a server.
    """
    secret = Token.of(token)
    del token  # a traceback may show the variables of this frame
    return _Searching(PATIENCE if IN_BROWSER else WITHIN).locate(url, secret)


def complete(endpoint: Endpoint) -> Endpoint:
    """Wait for the answer of a DataLab that was busy when it was found.

    Raises:
        LiveError: It does not answer.
    """
    return _Searching(WITHIN).complete(endpoint)


class _Searching(Greeter):
    # -- one DataLab ------------------------------------------------------------------

    def locate(self, url: str, token: Token | None) -> Endpoint:
        address = host_and_port(url)
        own = self._own_companion(url)
        if own is not None:
            return self.ask_companion(own, "url")
        if token is None:
            token = self._known_token(address)
        client = self.web_api_at(url, token)
        client.close()
        try:
            return self.complete(Endpoint("url", None, client.url, token))
        except DataLabError:
            companion = self.companion_without_file(client.url, token, "url")
            if companion is None:
                raise
            return companion

    def complete(self, endpoint: Endpoint) -> Endpoint:
        from datalab_workspace.live.transport.base import Timeouts

        if endpoint.url is None:
            return endpoint
        within = max(0.1, self.end - time.monotonic())
        client = self.web_api_at(endpoint.url, endpoint.token)
        try:
            status = client.status(Timeouts(connect=within, read=PATIENCE))
        finally:
            client.close()
        self.end = time.monotonic() + within
        return self._with_process(
            replace(endpoint, version=status.version, answered=True)
        )

    def _known_token(self, address: tuple[str, int]) -> Token | None:
        given = token_prompt.kept(address)
        if given is not None:
            return given
        read = self._read_page if IN_BROWSER else self._read_connection_file
        for source in (from_environment, read):
            settings = source()
            if settings and settings.token and settings.is_at(address):
                return settings.token
        return None

    # -- all DataLabs -----------------------------------------------------------------

    def search(self, *, default: bool, all: bool) -> Search:
        named = from_environment()
        others: list[Endpoint] = []
        if named:
            found = [*filter(None, [self._by_environment(named)])]
            if all or not found:
                known = merged([*found, *self._of_this_user()])
                found, others = known[: len(found)], known[len(found) :]
        elif IN_BROWSER:
            found = [*filter(None, [self._by_page()])]
        else:
            found = self._of_this_user()
        notes = tuple(dict.fromkeys(self.notes))
        other = None
        if not found and not named and default:
            # Usually nothing listens there, so a failure needs no note.
            other = self.ask(WebApiSettings(DEFAULT_URL), "default port")
        return Search(tuple(found), other, notes, named is not None, tuple(others))

    def _of_this_user(self) -> list[Endpoint]:
        if IN_BROWSER:
            return []
        ways = [*map(self._by_companion, self.companions())]
        ways.append(self._by_connection_file())
        found = [*filter(None, ways)]
        if not any(endpoint.companion_url for endpoint in found):
            # The settings name the DataLab that was started last, which has been found
            # if it has a companion.
            found += self._by_settings()
        return merged(found)

    def _own_companion(self, url: str) -> CompanionFile | None:
        """Return the file of the companion at a URL."""
        for file in self.companions():
            if host_and_port(file.url) == host_and_port(url):
                return file
        return None

    def _by_environment(self, settings: WebApiSettings) -> Endpoint | None:
        own = next(
            (f for f in self.companions() if settings.is_at(host_and_port(f.url))),
            None,
        )
        if own is not None:
            return self._by_companion(own, "environment")
        endpoint = self.ask(settings, "environment")
        return endpoint and self._with_process(endpoint)

    def _by_page(self) -> Endpoint | None:
        settings = self._read_page()
        endpoint = None if settings is None else self.ask(settings, "page")
        return endpoint and self._with_process(endpoint)

    def _read_page(self) -> WebApiSettings | None:
        from datalab_workspace.live.clients.page import page_settings

        try:
            return page_settings()
        except ValueError as error:
            self.notes.append(
                f"the page's settings cannot be read ({type(error).__name__})"
            )
            return None

    def _by_companion(
        self, file: CompanionFile, how: How = "companion file"
    ) -> Endpoint | None:
        try:
            return self.ask_companion(file, how)
        except LiveError as error:
            self.notes.append(f"by the file of process {file.pid}: {error}")
            return None

    def _by_connection_file(self) -> Endpoint | None:
        settings = self._read_connection_file()
        if settings is None:
            return None
        if settings.pid is not None and not is_running(settings.pid):
            self.notes.append(
                f"{connection_file()} is stale: its process {settings.pid} has ended"
            )
            return None
        endpoint = self.ask(settings, "connection file")
        return endpoint and self._with_process(endpoint)

    def _read_connection_file(self) -> WebApiSettings | None:
        try:
            return from_connection_file()
        except ValueError as error:
            self.notes.append(str(error))
            return None

    def _by_settings(self) -> Iterator[Endpoint]:
        for port in self._xmlrpc_ports():
            answer = self.ask_xmlrpc(port)
            if answer is None:
                continue
            version, web = answer
            if web is None:
                yield Endpoint("settings", version, xmlrpc_port=port)
            else:
                yield Endpoint("settings", version, web.url, web.token, port)

    def _with_process(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint with the process and the XML-RPC port of its DataLab."""
        if endpoint.url is None or not endpoint.answered:
            return endpoint
        host, port = host_and_port(endpoint.url)
        running = of_running_datalab((host, port))
        endpoint = replace(endpoint, pid=running.pid if running else None)
        endpoint = self._with_companion(endpoint)
        if endpoint.companion_url is not None:
            return endpoint
        for candidate in self._xmlrpc_ports() if host in _LOOPBACK else ():
            answer = self.ask_xmlrpc(candidate)
            web = answer[1] if answer else None
            if web is None:
                continue
            if _port_of(web.url) == port:
                return replace(endpoint, xmlrpc_port=candidate)
            self.notes.append(
                f"the XML-RPC port {candidate} belongs to another DataLab "
                f"({web.url!r:.80})"
            )
        return endpoint

    def _with_companion(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint with the companion of its DataLab, if there is one.

        On this machine, its own server is preferred to the port of the Web API, which
        answers nothing while a computation of DataLab runs.
        """
        assert endpoint.url is not None
        try:
            found = self.greet(
                endpoint.url, endpoint.token, endpoint.how, self.timeouts()
            )
        except (LiveError, ValueError):
            return endpoint  # the ordinary case, in which nothing needs to be said
        for file in self.companions():
            if (file.pid, file.boot) == (found.pid, found.boot):
                found = replace(
                    found, companion_url=file.url, companion_token=file.token
                )
        return replace(
            endpoint,
            pid=endpoint.pid or found.pid,
            companion_url=found.companion_url,
            companion_token=found.companion_token,
            boot=found.boot,
        )

    def _xmlrpc_ports(self) -> Iterator[int]:
        if IN_BROWSER:
            return  # no page may send requests to DataLab's XML-RPC server
        from datalab_workspace.live.clients.settings import xmlrpc_port

        text = os.environ.get(PORT_VARIABLE, "").strip()
        if text.isascii() and text.isdigit() and len(text) < 6:
            yield int(text)
            return
        if text:
            self.notes.append(f"{PORT_VARIABLE} is not a port number")
        port = xmlrpc_port()
        if port is not None and not listens_for_another_user(port):
            yield port


def _port_of(url: str) -> int | None:
    try:
        return host_and_port(url)[1]
    except ValueError:
        return None
