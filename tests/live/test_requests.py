"""The number of requests that each public call sends to DataLab.

Each request costs the user's time: an XML-RPC call takes 50 ms. Switching the panel
that the window shows is seen, and undoes what the user looks at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.live.backend import LiveBackend
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.discovery import Endpoint
from datalab_workspace.live.transport.token import Token
from support.real_datalab.application import Application
from support.real_datalab.proxy import noting, proxy_to

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

X = np.linspace(-3.0, 3.0, 50)
PEAK = np.exp(-(X**2))
PROTOCOLS = ["both", "Web API", "XML-RPC"]
Call = Callable[[dlw.Workspace, Path], Any]

#: The calls, in the order in which they are made, on a workspace that holds the signals
#: "peak" and "noisy" and the image "spot".
CALLS: dict[str, Call] = {
    "list": lambda ws, _: ws.list(),
    "len": lambda ws, _: len(ws),
    "in": lambda ws, _: "peak" in ws,
    "exists": lambda ws, _: ws.exists("peak"),
    "get": lambda ws, _: ws.get("peak"),
    "get full": lambda ws, _: ws.get("peak", full=True),
    "record": lambda ws, _: ws.record("peak"),
    "describe one": lambda ws, _: ws.describe("peak"),
    "describe all": lambda ws, _: ws.describe(),
    "groups": lambda ws, _: ws.groups(),
    "status": lambda ws, _: ws.status(),
    "add": lambda ws, _: ws.add("new", (X, X)),
    "add again": lambda ws, _: ws.add("new", (X, X)),
    "overwrite": lambda ws, _: ws.add("new", (X, X + 1), overwrite=True),
    "rename": lambda ws, _: ws.rename("new", "other"),
    "edit": lambda ws, _: ws.edit("other", xlabel="t"),
    "edit metadata": lambda ws, _: ws.edit("other", metadata={"a": 1}),
    "select": lambda ws, _: ws.select("peak"),
    "selection": lambda ws, _: ws.selection,
    "calc": lambda ws, _: ws.calc("normalize", on="noisy"),
    "calc again": lambda ws, _: ws.calc("normalize", on="noisy"),
    "calc of analysis": lambda ws, _: ws.calc("fwhm", on="peak"),
    "calc in DataLab": lambda ws, _: ws.calc("absolute", on="peak", where="datalab"),
    "update": lambda ws, _: ws.update({f"n{n}": (X, X + n) for n in range(3)}),
    "remove": lambda ws, _: ws.remove("other"),
    "save": lambda ws, folder: ws.save(folder / "a.h5"),
    "load": lambda ws, folder: ws.load(folder / "a.h5"),
    "update in a group": lambda ws, _: ws.update(
        {f"g{n}": (X, X - n) for n in range(3)}, group="new"
    ),
    "clear": lambda ws, _: ws.clear(),
}


#: The most requests that each call may send by both protocols, by the Web API alone and
#: by XML-RPC alone; None where it is refused.
MOST: dict[str, tuple[int, int | None, int | None]] = {
    "list": (3, 1, 4),
    "len": (3, 1, 4),
    "in": (3, 1, 4),
    "exists": (3, 1, 4),
    "get": (5, 2, 5),
    "get full": (5, 2, 5),
    "record": (5, 2, 5),
    "describe one": (8, 2, 9),
    "describe all": (11, 4, 12),
    "groups": (8, 1, 9),
    "status": (4, 2, 4),
    "add": (2, 2, 8),
    "add again": (5, 2, 5),
    "overwrite": (5, 3, 6),
    "rename": (10, 4, 7),
    "edit": (13, 4, 8),
    "edit metadata": (9, 5, 8),
    "select": (6, 2, 7),
    "selection": (4, None, 5),
    "calc": (8, 4, 10),
    "calc again": (7, 3, 6),
    "calc of analysis": (11, 6, 9),
    "calc in DataLab": (20, None, None),
    "update": (14, 5, 18),
    "remove": (4, 3, 15),
    "save": (24, 8, 16),
    "load": (19, 8, 11),
    "update in a group": (24, None, 28),
    "clear": (17, 9, 21),
}
#: Calls that need facts which DataLab reports of the shown panel only: the titles of
#: groups, and by XML-RPC alone the selection. They show another panel, and return.
#: A computation in DataLab shows the panel of its source, and `select` that of the
#: objects: DataLab reports the selection of the shown panel only.
SWITCHES = {
    **dict.fromkeys(("describe one", "describe all", "groups", "save"), 2),
    **dict.fromkeys(("update in a group", "remove", "clear"), 2),
    "calc in DataLab": 1,
    "select": 1,
}


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let ten seconds pass, so that nothing that was seen is recent."""
    now, passed = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now() + passed[0])

    def wait() -> None:
        passed[0] += 10.0

    return wait


@pytest.fixture
def requests() -> list[str]:
    """The requests that were sent."""
    return []


@pytest.fixture
def connected(
    datalab: Application, requests: list[str]
) -> Iterator[Callable[[str], dlw.Workspace]]:
    """Return a workspace in DataLab, by both protocols or by one."""
    with ExitStack() as stack:
        web = stack.enter_context(proxy_to(datalab.web_port, noting(requests)))
        rpc = stack.enter_context(proxy_to(datalab.rpc_port, noting(requests)))

        def connect(protocols: str) -> dlw.Workspace:
            endpoint = Endpoint(
                "url",
                "1.3.0",
                web.url if protocols != "XML-RPC" else None,
                Token(datalab.token),
                rpc.port if protocols != "Web API" else None,
            )
            backend = LiveBackend(Connection(endpoint))
            stack.callback(backend.close)
            return dlw.Workspace(backend=backend)

        yield connect


@pytest.mark.parametrize("protocols", PROTOCOLS)
def test_requests(
    protocols: str,
    datalab: Application,
    connected: Callable[[str], dlw.Workspace],
    requests: list[str],
    later: Callable[[], None],
    tmp_path: Path,
) -> None:
    # The first computation imports sigima, which takes longer than a look is trusted.
    warm = dlw.Workspace(backend=MemoryBackend())
    warm.add("peak", (X, PEAK))
    warm.calc("normalize", on="peak")
    workspace = connected(protocols)
    workspace.add("peak", (X, PEAK))
    workspace.add("noisy", (X, PEAK + X))
    workspace.add("spot", np.eye(4))
    counts: dict[str, int | None] = {}
    switches = {}
    for name, call in CALLS.items():
        # Most calls are about signals: the window shows something else.
        datalab.rpc.set_current_panel("image")
        later()
        requests.clear()
        try:
            call(workspace, tmp_path)
        except NotImplementedError:
            counts[name] = None
            continue
        # Whether XML-RPC still answers is asked once a second, however long it takes.
        counts[name] = len([name for name in requests if name != "get_version"])
        switches[name] = requests.count("set_current_panel")
    most = {name: row[PROTOCOLS.index(protocols)] for name, row in MOST.items()}
    refused = [name for name, bound in most.items() if bound is None]
    assert [name for name, count in counts.items() if count is None] == refused
    assert {n: c for n, c in counts.items() if (c or 0) > (most[n] or 0)} == {}
    assert {n: c for n, c in switches.items() if c > SWITCHES.get(n, 0)} == {}
