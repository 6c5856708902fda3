"""The number of requests that each public call sends to the companion.

The companion needs no other panel to be shown, and opens no dialog.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.live.companion.backend import CompanionBackend
from datalab_workspace.live.endpoint import Endpoint
from datalab_workspace.live.transport.token import Token
from datalab_workspace.processing import result_writer
from datalab_workspace.processing.calculation import Calculation
from support.real_datalab.application import Application
from support.real_datalab.proxy import noting, proxy_to

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

X = np.linspace(-3.0, 3.0, 50)
PEAK = np.exp(-(X**2))
MANY = {f"n{number}": (X, X + number) for number in range(1000)}
Call = Callable[[dlw.Workspace, Path], Any]

#: The calls, in the order in which they are made, on a workspace that holds the signals
#: "peak" and "noisy" and the image "spot"; and the number of requests of each.
CALLS: dict[str, tuple[int, Call]] = {
    "list": (1, lambda ws, _: ws.list()),
    "len": (1, lambda ws, _: len(ws)),
    "in": (1, lambda ws, _: "peak" in ws),
    "describe all": (1, lambda ws, _: ws.describe()),
    "describe one": (1, lambda ws, _: ws.describe("peak")),
    "groups": (1, lambda ws, _: ws.groups()),
    "selection": (1, lambda ws, _: ws.selection),
    "get": (1, lambda ws, _: ws.get("peak")),
    "get full": (1, lambda ws, _: ws.get("spot", full=True)),
    "record": (1, lambda ws, _: ws.record("peak")),
    "results of one": (1, lambda ws, _: ws.results("peak")),
    "results of all": (2, lambda ws, _: ws.results()),
    "add": (1, lambda ws, _: ws.add("new", (X, X))),
    "overwrite": (1, lambda ws, _: ws.add("new", (X, X + 1), overwrite=True)),
    # It reads the object of that name and writes nothing.
    "add an equal object": (1, lambda ws, _: ws.add("new", (X, X + 1))),
    "rename": (1, lambda ws, _: ws.rename("new", "other")),
    "edit": (1, lambda ws, _: ws.edit("other", xlabel="t", metadata={"a": 1})),
    "select": (1, lambda ws, _: ws.select("noisy")),
    "calc": (2, lambda ws, _: ws.calc("normalize", on="noisy")),
    "calc again": (2, lambda ws, _: ws.calc("normalize", on="noisy")),
    "calc of an analysis": (2, lambda ws, _: ws.calc("fwhm", on="peak")),
    "calc of two": (2, lambda ws, _: ws.calc("difference", on="peak", with_="noisy")),
    "remove": (1, lambda ws, _: ws.remove("other")),
    "save": (2, lambda ws, folder: ws.save(folder / "a.h5")),
    "clear": (1, lambda ws, _: ws.clear()),
    "load": (2, lambda ws, folder: ws.load(folder / "a.h5")),
    "update": (1, lambda ws, _: ws.update(MANY)),
    "clear a thousand": (1, lambda ws, _: ws.clear()),
}
#: Calls that may send fewer requests.
AT_MOST = {"save"}


@pytest.fixture
def requests() -> list[str]:
    """The requests that were sent."""
    return []


@pytest.fixture
def workspace(
    attended_companion_datalab: Application, requests: list[str]
) -> Iterator[dlw.Workspace]:
    """A workspace whose requests are counted."""
    companion = attended_companion_datalab.companion
    port = urlsplit(companion.url).port
    assert port is not None
    with proxy_to(port, noting(requests)) as between:
        token = Token(companion.token)
        backend = CompanionBackend(
            Endpoint("url", "1.3.0", companion_url=between.url, companion_token=token)
        )
        yield dlw.Workspace(backend=backend)
        backend.close()


def test_requests(
    workspace: dlw.Workspace,
    requests: list[str],
    attended_companion_datalab: Application,
    tmp_path: Path,
) -> None:
    workspace.add("peak", (X, PEAK))
    workspace.add("noisy", (X, PEAK + X))
    workspace.add("spot", np.eye(4))
    # Most calls are about signals: the window shows something else.
    attended_companion_datalab.act("show", "image")
    workspace.list()
    counts, flips = {}, []
    for name, (_, call) in CALLS.items():
        requests.clear()
        call(workspace, tmp_path)
        counts[name] = [request.partition("?")[0] for request in requests]
        if attended_companion_datalab.evaluate("main.get_current_panel()") != "image":
            flips.append(name)

    expected = {name: number for name, (number, _) in CALLS.items()}
    sent = {name: len(made) for name, made in counts.items()}
    wrong = {
        name: counts[name]
        for name, number in sent.items()
        if number > expected[name] or (number < expected[name] and name not in AT_MOST)
    }
    assert wrong == {}
    assert flips == []
    assert attended_companion_datalab.boxes() == []


def test_a_calculation_of_many_sends_few_requests(
    workspace: dlw.Workspace, requests: list[str]
) -> None:
    """Two hundred signals are fetched in two requests; `undo` takes all back."""
    sources = workspace.update({name: MANY[name] for name in list(MANY)[:200]})
    requests.clear()

    names = workspace.calc("normalize", on=sources)

    sent = [request.partition("?")[0].split("/")[-1] for request in requests]
    assert sent.count("objects") == 2
    assert set(sent) == {"objects", "transaction"}
    assert len(workspace) == 400
    assert names[7] == "normalize(s008)|ref=maximum"
    workspace.undo()
    assert workspace.list() == sources


def test_results_appear_while_others_are_computed(
    workspace: dlw.Workspace,
    attended_companion_datalab: Application,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An interrupt keeps them, and DataLab has them before the call ends."""
    sources = workspace.update({name: MANY[name] for name in list(MANY)[:5]})
    another = dlw.connect(
        workspace.status().url, workspace.backend.endpoint.companion_token
    )
    run, counts = Calculation.run, []

    def counted(self: Calculation, *arguments: Any) -> Any:
        counts.append(len(another))
        if len(counts) == 4:
            raise KeyboardInterrupt
        return run(self, *arguments)

    monkeypatch.setattr(Calculation, "run", counted)
    monkeypatch.setattr(result_writer, "_INTERVAL", 0.0)
    with pytest.raises(KeyboardInterrupt):
        workspace.calc("exp", on=sources)

    assert counts == [5, 6, 7, 8]
    assert workspace.list() == [*sources, "exp(s001)", "exp(s002)", "exp(s003)"]
    workspace.undo()
    assert another.list() == sources
