"""The companion's routes at the port of DataLab's Web API.

Tunnels and pages in a browser know only that port. The Web API is an ASGI application
that DataLab makes each time that it starts the Web API.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from datalab_kernel.desktop.companion import access, dispatch
from datalab_kernel.desktop.companion.dispatch import Answer, Request, Service
from datalab_kernel.desktop.companion.exchange import ProtocolError
from datalab_workspace.live.codecs.frame import Buffer
from datalab_workspace.live.transport.token import Token

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_PREFIX = dispatch.PREFIX.encode()
#: Seconds between two looks whether the Web API is being stopped.
_LOOK = 0.1
_SLICE = 1 << 20
_log = logging.getLogger(__name__)


def install(server: Any, service: Service, tokens: Sequence[Token]) -> None:
    """Add the routes to a Web API.

    Args:
        server: Its uvicorn server, which may be starting.
        service: The service that answers the calls.
        tokens: The tokens, one of which a request must have.

    Raises:
        AttributeError: The Web API is not made as expected.
    """
    app = server.config.app
    routes = _Routes(app, server, service, tokens)
    own = type(app)

    async def call(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _is_ours(scope):
            await routes(scope, receive, send)
        else:
            await own.__call__(self, scope, receive, send)

    # The server's thread may have taken the application already, or be about to. A new
    # application in its settings might come too late; a new class of the application
    # that it has cannot.
    app.__class__ = type(own.__name__, (own,), {"__call__": call})


def _is_ours(scope: Scope) -> bool:
    # The Web API answers preflight requests, which come without a token.
    path = scope.get("raw_path") or scope["path"].encode()
    return bool(path.startswith(_PREFIX)) and scope["method"] != "OPTIONS"


class _Routes:
    def __init__(
        self,
        app: Any,
        server: Any,
        service: Service,
        tokens: Sequence[Token],
    ) -> None:
        self._server = server
        self._service = service
        self._tokens = tokens
        self._origins = _Origins(app, self._answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._origins(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        is_let_in = False
        try:
            self._origins.check(headers.get("origin"))
            access.check_token(headers.get("authorization"), *self._tokens)
            is_let_in = True
            body = await _body(receive, headers)
        except ProtocolError as error:
            answer = dispatch.refusal(error)
        except ConnectionAbortedError:
            return
        else:
            target = scope["raw_path"].decode("latin-1")
            if scope["query_string"]:
                target += "?" + scope["query_string"].decode("latin-1")
            request = Request(scope["method"], target, headers, body)
            answer = await self._dispatched(request)
        await _send(answer, send, scope["method"], closes=not is_let_in)

    async def _dispatched(self, request: Request) -> Answer:
        """Answer a request in a thread of its own, which does not hold DataLab's."""
        future = _in_thread(lambda: dispatch.answer(self._service, request))
        while True:
            done, _ = await asyncio.wait([future], timeout=_LOOK)
            if done:
                return future.result()
            # The server waits for all answers before it ends, and DataLab's window for
            # the server.
            if self._server.should_exit and request.method == "GET":
                return dispatch.refusal(
                    ProtocolError(503, "closing", "the Web API is being stopped")
                )


class _Origins:
    """The rules of the Web API for pages in browsers, applied to our routes.

    Args:
        app: The application of the Web API.
        inner: The application that answers the requests.
    """

    def __init__(self, app: Any, inner: Application) -> None:
        self._application = inner
        self._cors: Any = None
        for cls, args, kwargs in app.user_middleware:
            if cls.__name__ == "CORSMiddleware":
                self._application = self._cors = cls(inner, *args, **kwargs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)

    def check(self, origin: str | None) -> None:
        """Make sure that a page may ask.

        Raises:
            ProtocolError: Its origin is not one that the Web API allows.
        """
        if origin is None:
            return
        if self._cors is None or not self._cors.is_allowed_origin(origin=origin):
            raise access.origin_refused()


def _headers(scope: Scope) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in scope["headers"]
    }


async def _body(receive: Receive, headers: Mapping[str, str]) -> Buffer:
    length = dispatch.length_of(headers)
    body = dispatch.room_for(length)
    end = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError("the body ends early")
        part = message.get("body", b"")
        if end + len(part) > length:
            raise ProtocolError(400, "malformed", "the body is longer than it claims")
        body[end : end + len(part)] = part
        end += len(part)
        if not message.get("more_body", False):
            break
    if end < length:
        raise ConnectionAbortedError("the body ends early")
    return body


async def _send(answer: Answer, send: Send, method: str, *, closes: bool) -> None:
    headers = answer.headers | ({"Connection": "close"} if closes else {})
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [
                (name.lower().encode(), value.encode())
                for name, value in headers.items()
            ],
        }
    )
    if method != "HEAD":
        for part in answer.parts:
            view = memoryview(part).cast("B")
            # A server joins a part to what it has not sent yet, or copies it.
            for start in range(0, len(view), _SLICE):
                data = bytes(view[start : start + _SLICE])
                await send(
                    {"type": "http.response.body", "body": data, "more_body": True}
                )
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _in_thread(work: Callable[[], Answer]) -> asyncio.Future[Answer]:
    """Run `work` in a thread that does not keep DataLab from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Answer] = loop.create_future()

    def set_result(answer: Answer) -> None:
        if not future.done():
            future.set_result(answer)

    def run() -> None:
        answer = work()
        try:
            loop.call_soon_threadsafe(set_result, answer)
        except RuntimeError:
            _log.debug("the Web API was stopped before a request was answered")

    threading.Thread(target=run, name="DataLab-companion-web", daemon=True).start()
    return future
