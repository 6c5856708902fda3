"""The connection to a running DataLab: the clients of its two protocols."""

from __future__ import annotations

import time
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING

from datalab_workspace.errors import (
    LiveError,
    NoAnswerError,
    NotSupportedByProtocolError,
)
from datalab_workspace.live import advice
from datalab_workspace.live.clients.webapi import WebApi
from datalab_workspace.live.clients.xmlrpc import XmlRpc
from datalab_workspace.live.transport import transport_to

if TYPE_CHECKING:
    from datalab_workspace.live.endpoint import Endpoint

#: Seconds for which XML-RPC counts as alive after an answer.
_TRUSTED = 1.0


def _close(clients: Sequence[WebApi | XmlRpc]) -> None:
    for client in clients:
        client.close()


class Connection:
    """The clients of one DataLab.

    Args:
        endpoint: Its address.

    Attributes:
        endpoint: Its address.
        web: The client of its Web API; None if that is not started.
        rpc: The client of its XML-RPC server; None if its port is not known.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.web = self.rpc = None
        if endpoint.url is not None:
            self.web = WebApi(transport_to(endpoint.url, endpoint.token))
        if endpoint.xmlrpc_port is not None:
            self.rpc = XmlRpc(endpoint.xmlrpc_port)
        self._trusted_until = 0.0
        self._silence: LiveError | None = None
        clients = [client for client in (self.web, self.rpc) if client is not None]
        #: Closes the connections; called at the latest when this object is destroyed.
        self.close = weakref.finalize(self, _close, clients)

    def require_web(self, what: str) -> WebApi:
        """Return the client of the Web API, for an operation that needs it.

        Args:
            what: The operation, for the error message.

        Raises:
            NotSupportedByProtocolError: The Web API is not started.
        """
        if self.web is None:
            raise NotSupportedByProtocolError(
                f"{what} needs DataLab's Web API, which is not started: start it there "
                "(File > Web API), and call resync()"
            )
        return self.web

    def xmlrpc_if_alive(self) -> XmlRpc | None:
        """Return the client of XML-RPC; None if it does not answer within a moment."""
        if self.rpc is None:
            return None
        if time.monotonic() > self._trusted_until:
            try:
                self.rpc.version()
                self._silence = None
            except LiveError as error:
                self._silence = error
            self._trusted_until = time.monotonic() + _TRUSTED
        return None if self._silence else self.rpc

    def require_xmlrpc(self, what: str) -> XmlRpc:
        """Return the client of XML-RPC, for an operation that only XML-RPC can do.

        Args:
            what: The operation, for the error message.

        Raises:
            NotSupportedByProtocolError: XML-RPC is not available.
            NoAnswerError: It does not answer.
        """
        if self.rpc is None:
            raise NotSupportedByProtocolError(advice.use_xmlrpc(what))
        rpc = self.xmlrpc_if_alive()
        if rpc is None:
            raise NoAnswerError(
                f"{what} needs DataLab's XML-RPC server, which does not answer "
                f"({self._silence}); a dialog is probably open in DataLab's window"
            )
        return rpc

    @property
    def protocols(self) -> tuple[str, ...]:
        """The names of the protocols, without finding out whether they answer."""
        names = [] if self.web is None else ["Web API"]
        return (*names, *(() if self.rpc is None else ("XML-RPC",)))

    def probe(self) -> None:
        """Find out quickly whether DataLab answers.

        Raises:
            LiveError: It does not.
        """
        if self.web is not None:
            self.web.probe()
        elif self.rpc is not None:
            self.rpc.version()

    def probe_if_silent(self) -> None:
        """Do the same, if DataLab did not answer the last request.

        Raises:
            LiveError: It still does not answer.
        """
        if self.web is not None:
            self.web.probe_if_silent()

    def status_names(self) -> tuple[str, ...]:
        """Return the names of the protocols in use; a silent one with the reason."""
        names = [] if self.web is None else ["Web API"]
        if self.rpc is not None:
            silent = self.xmlrpc_if_alive() is None
            names.append(f"XML-RPC ({self._silence})" if silent else "XML-RPC")
        return tuple(names)
