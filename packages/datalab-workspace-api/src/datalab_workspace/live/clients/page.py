"""What the site of a browser's kernel says of DataLab, in its ``jupyter-lite.json``.

::

    {"jupyter-config-data": {"litePluginSettings": {"datalab-workspace": {
        "url": "http://127.0.0.1:18080"}}}}

A page's own address is never looked at: it is kept in histories and logs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from datalab_workspace.errors import LiveError
from datalab_workspace.live.transport.browser import BrowserTransport
from datalab_workspace.live.transport.javascript import javascript

_PLUGIN = "datalab-workspace"
#: Where in a site the scripts of its kernels are.
_SCRIPTS = "/extensions/"


def page_settings() -> Mapping[str, Any]:
    """Return the settings, which may name a ``url`` and a ``token``.

    Returns:
        The settings; empty where the site has none, or is no JupyterLite.

    Raises:
        ValueError: The site's settings cannot be read.
    """
    script = str(javascript().scope.self.location.href)
    site, found, _ = script.partition(_SCRIPTS)
    if not found or not site.startswith("http"):
        return {}
    try:
        path = f"{urlsplit(site).path}/jupyter-lite.json"
        answer = BrowserTransport(site).request("GET", path, repeatable=True)
    except LiveError:  # served without it, or from nowhere any more
        return {}
    if answer.status != 200:
        return {}
    return _settings(json.loads(bytes(answer.body)))


def _settings(site: Any) -> Mapping[str, Any]:
    for key in ("jupyter-config-data", "litePluginSettings", _PLUGIN):
        site = site.get(key) if isinstance(site, dict) else None
    return site if isinstance(site, dict) else {}
