"""The settings for DataLab in a JupyterLite site, from its ``jupyter-lite.json``.

::

    {"jupyter-config-data": {"litePluginSettings": {"datalab-workspace": {
        "url": "http://127.0.0.1:18080"}}}}

A page's own address is never read: browsers keep it in histories and logs.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from datalab_workspace.encoding import shallow_json
from datalab_workspace.errors import LiveError
from datalab_workspace.live.transport.base import Request
from datalab_workspace.live.transport.browser import BrowserTransport
from datalab_workspace.live.transport.javascript import javascript
from datalab_workspace.live.webapi_settings import WebApiSettings

_PLUGIN = "datalab-workspace"
#: The folder of a site that contains the scripts of its kernels.
_SCRIPTS = "/extensions/"


def page_settings() -> WebApiSettings | None:
    """Return the settings, which may name a URL and a token.

    Returns:
        The settings; None if the site has none, or is not a JupyterLite site.

    Raises:
        ValueError: The site's settings cannot be read.
    """
    script = str(javascript().scope.self.location.href)
    site, found, _ = script.partition(_SCRIPTS)
    if not found or not site.startswith("http"):
        return None
    path = f"{urlsplit(site).path}/jupyter-lite.json"
    try:
        answer = BrowserTransport(site).send(Request("GET", path, repeatable=True))
    except LiveError:  # the file is missing, or the server has ended
        return None
    if answer.status != 200:
        return None
    return _settings(shallow_json.loads(bytes(answer.body)))


def _settings(site: Any) -> WebApiSettings | None:
    for key in ("jupyter-config-data", "litePluginSettings", _PLUGIN):
        site = site.get(key) if isinstance(site, dict) else None
    if not isinstance(site, dict) or site.get("url") is None:
        return None
    return WebApiSettings.of(site)
