"""Where a server is, and what it may be sent to know who asks."""

from __future__ import annotations

from urllib.parse import urlsplit

_DEFAULT_PORT = {"http": 80, "https": 443}


def checked_url(url: str) -> str:
    """Return a server's URL without its path.

    Args:
        url: ``http://host:port``, maybe with a path.

    Raises:
        ValueError: It is no such URL, or it contains a user's name or a password.
    """
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "the URL of DataLab contains a name or password; give the token by itself"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r:.80} is no URL like 'http://127.0.0.1:18080'")
    parts.port  # noqa: B018  raises ValueError where it is no number
    return f"{parts.scheme}://{parts.netloc}"


def host_and_port(url: str) -> tuple[str, int]:
    """Return a server's host and port from its URL.

    Raises:
        ValueError: It is no such URL.
    """
    parts = urlsplit(checked_url(url))
    return str(parts.hostname), parts.port or _DEFAULT_PORT[parts.scheme]


def checked_token(token: str | None) -> str | None:
    """Return a token as it is.

    Raises:
        ValueError: It could not stand in a header.
    """
    if token is not None and not (token.isascii() and token.isprintable()):
        raise ValueError("the token holds characters that no token of DataLab's has")
    return token
