"""The address of a server."""

from __future__ import annotations

from urllib.parse import urlsplit

_DEFAULT_PORT = {"http": 80, "https": 443}


def checked_url(url: str) -> str:
    """Return a server's URL without its path.

    Args:
        url: ``http://host:port``, maybe with a path and white space around it.

    Raises:
        ValueError: `url` has another form, or contains a user name or a password.
    """
    parts = urlsplit(url.strip())
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "the URL of DataLab contains a user name or password; pass the token "
            "separately"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = url.strip().partition("?")[0]
        raise ValueError(f"{shown!r:.80} is not a URL like 'http://127.0.0.1:18080'")
    parts.port  # noqa: B018  raises ValueError if it is not a number
    return f"{parts.scheme}://{parts.netloc}"


def host_and_port(url: str) -> tuple[str, int]:
    """Return a server's host and port from its URL.

    Raises:
        ValueError: `url` has another form; see `checked_url`.
    """
    parts = urlsplit(checked_url(url))
    return str(parts.hostname), parts.port or _DEFAULT_PORT[parts.scheme]
