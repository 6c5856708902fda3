"""A page of a site on the internet, isolated from others, and DataLab on this machine.

Such a page gets no answer from this machine until the browser's user allows it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.browser.http_server import ISOLATED
from support.browser.kernel_page import KernelPage
from support.real_datalab.application import Application

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]


HOST = "lite.test"


def public(url: str) -> tuple[str, ...]:
    """Have Chromium take a site on loopback for one on the internet."""
    port = url.rpartition(":")[2]
    return (
        f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
        f"--ip-address-space-overrides=127.0.0.1:{port}=public",
        f"--unsafely-treat-insecure-origin-as-secure=http://{HOST}:{port}",
    )


@pytest.fixture(scope="module")
def datalab(companion_datalab: Application) -> Application:
    """A DataLab with a companion, which is reached behind the Web API."""
    return companion_datalab


@pytest.fixture(scope="module")
def kernel(open_lab: Callable, datalab: Application) -> KernelPage:
    """A kernel of a site whose settings name DataLab."""
    settings = {"url": datalab.url, "token": datalab.token}
    page = open_lab(settings, ISOLATED, options=public, host=HOST)
    return KernelPage(page, "xeus-python")


def test_the_page_is_isolated(kernel: KernelPage) -> None:
    """There, urllib3 cannot even be imported."""
    assert kernel.page.evaluate("crossOriginIsolated") is True


def test_a_refusal_of_the_browser_says_what_its_user_can_do(
    kernel: KernelPage, datalab: Application
) -> None:
    result = kernel.execute(
        f"import datalab_workspace as dlw\ndlw.connect({datalab.url!r})"
    )

    assert "UnreachableError" in result.error
    assert "allow this site to reach devices on your local network" in result.error


def test_a_workspace_that_may_not_attach_works_in_memory(kernel: KernelPage) -> None:
    output = kernel.run("print(dlw.Workspace().mode, dlw.Workspace().status().notes)")

    assert output.text.startswith('standalone ("by the page: this page gets')


def test_what_the_page_names_is_attached_once_it_may_be(
    kernel: KernelPage, datalab: Application
) -> None:
    kernel.page.context.grant_permissions(["local-network-access"])

    output = kernel.run(
        "import numpy as np\nws = dlw.Workspace()\nws.add('x', np.eye(3))\n"
        "print(ws.mode, dlw.connect(ws.status().url).list(), ws.status())\n"
        "ws.undo()\nprint(ws.list(), ws.status().protocols)"
    )

    assert output.text.startswith("live ['x'] ")
    assert output.text.endswith("[] ('companion',)\n")
    assert datalab.token not in output.text
    assert datalab.token not in kernel.page.url
