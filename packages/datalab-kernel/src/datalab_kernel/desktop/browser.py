"""Show a page of the Jupyter server in the user's browser.

Every user of the machine can read the command line with which a browser starts, so it
must not contain the token. The browser opens a file that only this user can read, and
the file redirects it to the page.
"""

from __future__ import annotations

import html
import os
import webbrowser
from pathlib import Path
from typing import Any
from urllib.parse import quote

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={url}">
<title>Opening the notebook</title>
</head>
<body><p><a href="{url}">Open the notebook</a></p></body>
</html>
"""


def address(server: Any, path: str) -> str:
    """Return the address to open: that of a file, which redirects to the page.

    Jupyter's option `use_redirect_file` turns the file off, for browsers that cannot
    read it. The address is then the page's own, without the token, and Jupyter asks the
    user for the token.

    Args:
        server: The application of jupyter-server.
        path: The page's path on the server, not quoted.

    Raises:
        OSError: If the file cannot be written.
    """
    page = f"{server.connection_url}{quote(path)}"
    if not server.use_redirect_file:
        return page
    from jupyter_core.paths import secure_write

    file = _file(server)
    with secure_write(str(file)) as stream:
        stream.write(_redirect(server, page))
    return file.as_uri()


def show(server: Any, address: str) -> None:
    """Start the browser that Jupyter is configured to use, or the system's.

    Raises:
        OSError: If there is no browser, or it does not start.
    """
    try:
        started = webbrowser.get(server.browser or None).open(address)
    except webbrowser.Error as error:
        raise OSError(f"no web browser was found ({error})") from error
    if not started:
        raise OSError("the web browser does not start")


def forget(server: Any) -> None:
    """Remove the file that leads to the server."""
    _file(server).unlink(missing_ok=True)


def _redirect(server: Any, page: str) -> str:
    """Return the content of the file; keep it in no variable, because of the token."""
    token = quote(server.identity_provider.token)
    return _PAGE.format(url=html.escape(f"{page}?token={token}"))


def _file(server: Any) -> Path:
    return Path(server.runtime_dir).absolute() / f"datalab-{os.getpid()}-open.html"
