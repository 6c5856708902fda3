"""The session of requests through which a transport sends.

It asks nothing of the environment, keeps no cookies, follows no redirect, sends nothing
twice, and has one connection, which waits until a deadline.
"""

from __future__ import annotations

import http.client
import ssl
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import requests.adapters
import urllib3
import urllib3.connection
from urllib3.util.response import assert_header_parsing

from datalab_workspace.live.transport.bounded import (
    BoundedTlsSocket,
    Deadline,
    bounded,
)

#: Bytes that are sent in one go: all that a system takes at once, or with TLS, which
#: sends all of them before it returns, what a slow network carries in good time.
_BLOCK, _TLS_BLOCK = 1 << 22, 1 << 16


class Exchange:
    """The state of the exchange that a session's connection is part of.

    Attributes:
        deadline: The deadline; start it before each exchange.
        connecting: A connection is being opened, or could not be opened.
        connected: A connection was opened for this exchange.
        answer: The answer, once its headers have been read. Unlike those of requests
            and urllib3, it reads into a buffer without a copy.
    """

    answer: http.client.HTTPResponse

    def __init__(self) -> None:
        self.deadline = Deadline()
        self.connecting = False
        self.connected = False

    def start(self, seconds: float) -> None:
        """Allow `seconds` from now on, or from when a connection is opened for it."""
        self.deadline.start(seconds)
        self.connecting = self.connected = False


class _Answer(http.client.HTTPResponse):
    """An answer whose headers are headers, because urllib3 logs what else they are."""

    def __init__(self, *args: Any, exchange: Exchange, **options: Any) -> None:
        super().__init__(*args, **options)
        self._exchange = exchange

    def begin(self) -> None:
        super().begin()
        try:
            assert_header_parsing(self.headers)
        except urllib3.exceptions.HeaderParsingError as error:
            raise http.client.HTTPException(str(error)) from error
        self._exchange.answer = self


class _Connection(urllib3.connection.HTTPConnection):
    # What the standard library prints in this mode includes the token.
    debuglevel = 0

    def __init__(self, *args: Any, exchange: Exchange, **options: Any) -> None:
        super().__init__(*args, **options)
        self._exchange = exchange
        answer_class: Any = partial(_Answer, exchange=exchange)
        self.response_class = answer_class

    def connect(self) -> None:
        self._exchange.connecting = True
        super().connect()
        deadline = self._exchange.deadline
        self.sock = bounded(self.sock, deadline, self.blocksize)
        deadline.restart()
        self._exchange.connecting = False
        self._exchange.connected = True


class _TlsConnection(_Connection, urllib3.connection.HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(requests.adapters.HTTPAdapter):
    def __init__(self, exchange: Exchange, context: ssl.SSLContext | None) -> None:
        self._exchange = exchange
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=1, pool_block=True)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = True, **options: Any
    ) -> None:
        blocksize = _TLS_BLOCK if self._context else _BLOCK
        options |= {"blocksize": blocksize, "ssl_context": self._context}
        super().init_poolmanager(connections, maxsize, block, **options)
        pools: dict[str, Any] = {
            "http": partial(_Pool, exchange=self._exchange),
            "https": partial(_TlsPool, exchange=self._exchange),
        }
        self.poolmanager.pool_classes_by_scheme = pools

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave it to the context, which has the certificates of the system."""


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target, for which requests would read the whole answer."""


def bounded_session(exchange: Exchange, *, secure: bool) -> requests.Session:
    """Return a session for one server at a time.

    Args:
        exchange: Tells the deadline to the connection, and its state to the caller.
        secure: Use TLS, with the system's certificates.
    """
    context = None
    if secure:
        context = ssl.create_default_context()
        context.sslsocket_class = BoundedTlsSocket
    session = _Session()
    session.trust_env = False
    # A cookie would not be sent, but kept, and it might contain the token.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(exchange, context))
    return session
