"""The first requests to a DataLab, which find out whether and who it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from datalab_workspace.errors import DataLabError, LiveError, NoAnswerError
from datalab_workspace.live.endpoint import Endpoint, How
from datalab_workspace.live.transport.token import Token
from datalab_workspace.live.webapi_settings import WebApiSettings
from datalab_workspace.runtime import IN_BROWSER

if TYPE_CHECKING:
    from datalab_workspace.live.clients.webapi import WebApi
    from datalab_workspace.live.clients.xmlrpc import XmlRpc
    from datalab_workspace.live.companion_files import CompanionFile
    from datalab_workspace.live.transport.base import Timeouts


class Greeter:
    """The requests by which a search finds out who answers at an address.

    Args:
        within: Seconds that the whole search may take.

    Attributes:
        end: The time by which the search must end.
        notes: The attempts that failed: one sentence for each, without secrets.
    """

    def __init__(self, within: float) -> None:
        self.end = time.monotonic() + within
        self.notes: list[str] = []
        self._asked: dict[int, tuple[str, WebApiSettings | None] | None] = {}

    def ask(self, settings: WebApiSettings, how: How) -> Endpoint | None:
        """Return the DataLab at the address of a Web API; None if there is none."""
        try:
            client = self.web_api_at(settings.url, settings.token)
        except ValueError as error:
            self.notes.append(f"the URL of the {how} cannot be used: {error}")
            return None
        try:
            status = client.status(self.timeouts())
        except LiveError as error:
            if isinstance(error, DataLabError):
                own = self.companion_without_file(client.url, settings.token, how)
                if own is not None:
                    return own
            self.notes.append(f"by the {how}: {error}")
            busy = isinstance(error, NoAnswerError)
            if not busy or how not in ("environment", "connection file"):
                return None
        else:
            return Endpoint(how, status.version, client.url, settings.token)
        finally:
            client.close()
        # It accepted the connection: DataLab draws or computes, and answers later.
        return Endpoint(
            how, None, client.url, settings.token, pid=settings.pid, answered=False
        )

    def web_api_at(self, url: str, token: Token | None) -> WebApi:
        """Return a client of the Web API at a URL."""
        from datalab_workspace.live.clients.webapi import WebApi
        from datalab_workspace.live.transport import transport_to

        return WebApi(transport_to(url, token))

    def companions(self) -> list[CompanionFile]:
        """Return the files of the companions on this machine."""
        if IN_BROWSER:
            return []
        from datalab_workspace.live.companion_files import companion_files

        return companion_files()

    def ask_companion(self, file: CompanionFile, how: How) -> Endpoint:
        """Return the DataLab whose companion wrote a file.

        Raises:
            LiveError: It does not answer, or another DataLab does.
        """
        endpoint = self.greet(file.url, file.token, how, self.timeouts())
        if (endpoint.pid, endpoint.boot) != (file.pid, file.boot):
            raise DataLabError(f"another DataLab answers at {file.url}")
        return endpoint

    def companion_without_file(
        self, url: str, token: Token | None, how: How
    ) -> Endpoint | None:
        """Return the companion at a URL that no Web API answers at; None if none is.

        It may run on another machine, or with another folder for its file.
        """
        try:
            return self.greet(url, token, how, self.timeouts())
        except (LiveError, ValueError):
            return None  # the error of the Web API is raised or noted

    def greet(
        self, url: str, token: Token | None, how: How, timeouts: Timeouts
    ) -> Endpoint:
        """Return the DataLab whose companion answers at a URL.

        Raises:
            LiveError: No companion answers there.
        """
        from datalab_workspace.live.companion.client import CompanionClient

        client = CompanionClient(url, token)
        try:
            said = client.hello(timeouts)
            return Endpoint(
                how,
                client.clean(said["datalab"], 40),
                pid=said["pid"],
                companion_url=client.url,
                companion_token=token,
                boot=str(said["boot"]),
            )
        except KeyError as error:
            raise DataLabError(
                f"the companion at {url} does not say its {error}"
            ) from None
        finally:
            client.close()

    def ask_xmlrpc(self, port: int) -> tuple[str, WebApiSettings | None] | None:
        """Return DataLab's version and its Web API; None if it does not answer."""
        if port not in self._asked:
            self._asked[port] = self._answer_of_xmlrpc(port)
        return self._asked[port]

    def _answer_of_xmlrpc(self, port: int) -> tuple[str, WebApiSettings | None] | None:
        from datalab_workspace.live.clients.xmlrpc import XmlRpc

        client = XmlRpc(port)
        try:
            version = client.version(self.timeouts().read)
            # Only now, because the server is known to answer.
            return version, _web_api(client, self.timeouts())
        except LiveError as error:
            self.notes.append(f"by the XML-RPC port {port}: {error}")
            return None
        finally:
            client.close()

    def timeouts(self) -> Timeouts:
        """Return the part of the remaining time that the next request may take."""
        from datalab_workspace.live.transport.base import Timeouts

        half = max(0.01, (self.end - time.monotonic()) / 2)
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
