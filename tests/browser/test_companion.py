"""A page of another site, in a real browser, and the companion behind the Web API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import datalab_workspace as dlw
from support.browser.kernel_page import KernelPage
from support.real_datalab.application import Application

# The first may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

ASK = """\
async ([url, token, body]) => {
    const answer = await fetch(url, {
        method: body === null ? "GET" : "POST",
        body,
        headers: {
            "Authorization": `Bearer ${token}`,
            "Content-Type": "application/json",
            "DataLab-Client": crypto.randomUUID(),
        },
    });
    return [answer.status, await answer.json()];
}
"""


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


#: The addresses of all answers that the page stores.
STORED = """async () => {
    const stored = [];
    for (const name of await caches.keys())
        stored.push(...await (await caches.open(name)).keys());
    return stored.map(request => request.url);
}"""

#: Waits until the page has stored an answer of its own site.
STORES = f"""async () => {{
    await fetch("/jupyter-lite.json?later");
    while (!String(await ({STORED})()).includes("?later"))
        await new Promise(resolve => requestAnimationFrame(resolve));
}}"""


@pytest.fixture
def page(launch: Callable[..., Browser]) -> Iterator[Page]:
    """An empty page of a site that has nothing to do with DataLab."""
    site = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    page = launch().new_page()
    page.goto(f"http://localhost:{site.server_port}/")
    yield page
    site.shutdown()
    site.server_close()


def test_a_page_asks_at_the_port_of_the_web_api(
    page: Page, companion_datalab: Application
) -> None:
    prefix = f"{companion_datalab.url}/api/kernel/v1"
    token = companion_datalab.token

    status, hello = page.evaluate(ASK, [f"{prefix}/hello", token, None])
    assert (status, hello["protocol"]) == (200, 1)
    body = '{"ops": [{"op": "show", "kind": "image"}]}'
    status, answer = page.evaluate(ASK, [f"{prefix}/transaction", token, body])
    assert status == 200, answer
    status, answer = page.evaluate(ASK, [f"{prefix}/hello", "wrong", None])
    assert (status, answer["error"]) == (401, "token")


def test_a_page_gets_nothing_from_the_own_port(
    page: Page, companion_datalab: Application
) -> None:
    companion = companion_datalab.companion
    url = f"{companion.url}/api/kernel/v1/hello"

    with pytest.raises(Exception, match="Failed to fetch"):
        page.evaluate(ASK, [url, companion.token, None])


# -- a kernel of a page ---------------------------------------------------------------


@pytest.fixture
def attached(kernel: KernelPage, companion_datalab: Application) -> KernelPage:
    """A kernel whose workspace `ws` is empty and attached by the Web API's URL."""
    companion_datalab.empty()
    kernel.run(
        "import time\nimport numpy as np, datalab_workspace as dlw\n"
        f"URL, TOKEN = {companion_datalab.url!r}, {companion_datalab.token!r}\n"
        "ws = dlw.connect(URL, TOKEN)"
    )
    return kernel


def test_a_kernel_of_a_page_has_what_the_companion_has(attached: KernelPage) -> None:
    output = attached.run(
        "print(ws.status().protocols, ws.capabilities.events)\n"
        "ws.add('a', np.arange(3.0), group='mine')\nws.add('b/c', np.eye(2))\n"
        "ws.edit('a', xunit='s')\nedited = ws.record('a').fields['xunit']\n"
        "ws.undo()\nprint(edited, repr(ws.record('a').fields['xunit']))\n"
        "from datalab_workspace.backends import MemoryBackend\n"
        "home = dlw.Workspace(backend=MemoryBackend())\n"
        "home.add('a', np.arange(4.0))\n"
        "home.connect(URL, TOKEN, on_conflict='rename')\n"
        "print(sorted(ws.list()), ws.describe('a (2)').title)\n"
        "print([group.names for group in ws.groups() if group.title == 'mine'])"
    )

    assert output.text == (
        "('companion',) True\ns ''\n['a', 'a (2)', 'b/c'] a\n[('a',)]\n"
    )


def test_the_page_stores_no_answer_of_datalab(
    attached: KernelPage, companion_datalab: Application
) -> None:
    """The service worker of JupyterLite 0.2 stores most of what a page asks for."""
    attached.run(
        "ws.add('stored', np.eye(2))\nrecord = dlw.connect(URL, TOKEN).record('stored')"
    )
    page = attached.page
    page.evaluate(STORES)

    stored = page.evaluate(STORED)

    assert [url for url in stored if url.startswith(companion_datalab.url)] == []


def test_changes_of_others_reach_a_kernel_that_is_idle(
    attached: KernelPage, companion_datalab: Application
) -> None:
    attached.page.evaluate("""() => { window.seen = new Promise(resolve => {
        new BroadcastChannel('seen').onmessage = event => resolve(event.data);
    }); }""")
    attached.run(
        "import pyjs\nchannel = pyjs.js.BroadcastChannel.new('seen')\n"
        "def tell(event):\n"
        "    if event.kind == 'added' and 'there' in ws.list():\n"
        "        channel.postMessage(f'{event.kind} {event.origin}')\n"
        "handle = ws.on_change(tell)"
    )

    other = dlw.connect(companion_datalab.url, companion_datalab.token)
    other.add("there", np.arange(3.0))

    assert attached.page.evaluate("window.seen") == "added other notebook"
