"""The rules by which the companion lets a request in.

The token is always required. In case a page in the user's browser learns it by a trick,
a request must also name this machine as its host and have no origin; behind the Web
API, it must come from an origin that the Web API allows.
"""

from __future__ import annotations

import ipaddress
import re

from datalab_kernel.desktop.companion.exchange import ProtocolError
from datalab_workspace.live.transport.token import Token

#: The header ``Host``: an address of IPv6 in brackets or a name, and perhaps a port.
_HOST = re.compile(r"(\[(?P<address>[^\[\]]+)\]|(?P<name>[^:\[\]]+))(:[0-9]+)?")


def check_host(host: str | None) -> None:
    """Make sure that a request names this machine.

    A page of another site can make its own name an address of this machine (DNS
    rebinding). The browser then sends that name.

    Args:
        host: The header ``Host``.

    Raises:
        ProtocolError: It names no loopback address.
    """
    if not _is_loopback(host or ""):
        raise ProtocolError(
            403, "host", "the companion answers only requests to a loopback address"
        )


def check_no_origin(origin: str | None) -> None:
    """Make sure that a request does not come from a page in a browser.

    Args:
        origin: The header ``Origin``.

    Raises:
        ProtocolError: There is one.
    """
    if origin is not None:
        raise origin_refused()


def origin_refused() -> ProtocolError:
    """Return the error for a page that may not ask."""
    return ProtocolError(
        403,
        "origin",
        "pages in a browser may ask only at the port of DataLab's Web API, and only "
        "from the origins that it allows",
    )


def check_token(authorization: str | None, *tokens: Token) -> None:
    """Make sure that a request has a token.

    Args:
        authorization: The header ``Authorization``.
        tokens: The tokens, any of which will do.

    Raises:
        ProtocolError: It has none of them.
    """
    scheme, _, given = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not _is_one_of(Token(given.strip()), tokens):
        raise ProtocolError(401, "token", "the token is missing or wrong")


def _is_one_of(given: Token, tokens: tuple[Token, ...]) -> bool:
    return bool(given) and any(given == token for token in tokens)


def _is_loopback(host: str) -> bool:
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = match["address"] or match["name"]
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
