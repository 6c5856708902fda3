"""The companion in earlier versions of DataLab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from support.real_datalab import environment
from support.real_datalab.application import CALL, Application
from support.real_datalab.window_client import RefusedError, WindowClient, image, signal

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]

FOLDER = Path(environment.__file__).parent


@pytest.fixture(params=["1_0", "1_1", "1_2"])
def earlier(
    request: pytest.FixtureRequest,
    python_of: Callable[[Path], Path],
    tmp_path: Path,
) -> Iterator[WindowClient]:
    """A client of an earlier DataLab."""
    python = python_of(FOLDER / f"datalab_{request.param}.txt")
    application = Application(
        python,
        tmp_path,
        companion=True,
        web_api=request.param != "1_0",
        xml_rpc=False,
        unattended=False,  # earlier versions close themselves otherwise
    )
    try:
        client = WindowClient(application)
        application.wait_until(lambda: _is_ready(client), CALL)
        yield client
    finally:
        application.kill()


def _is_ready(client: WindowClient) -> bool:
    """Close the dialogs that DataLab shows after its first start."""
    client.act("close_dialogs")
    return bool(client.ask("GET", "ready", wait=1)["ready"])


def test_what_users_do(earlier: WindowClient) -> None:
    """It is one test, because DataLab starts slowly."""
    a, b, c = earlier.add("a", "b", "c")
    (spot,) = earlier.add("spot", kind="image")
    titled = {"op": "add", "record": 0, "name": "fft(s003)", "composed": True}
    (fft,) = earlier.do(titled, records=[signal("fft(s003)")])["uuids"]
    earlier.do({"op": "select", "uuids": [a, spot]}, {"op": "show", "kind": "image"})
    before = earlier.snapshot()
    assert before["panels"]["shown"] == "image"
    done = earlier.do(
        {"op": "remove", "uuids": [b]},
        {"op": "rename", "uuid": a, "name": "A"},
        {"op": "edit", "uuid": c, "fields": {"xunit": "s"}, "metadata": [["k", 1]]},
        {"op": "replace", "uuid": spot, "record": 0},
        {"op": "add_group", "kind": "signal", "group": "second"},
        {"op": "move", "uuids": [a], "group": "second"},
        records=[image("other", 4)],
    )
    assert earlier.act("titles", "signal") == {c: "c", fft: "fft(s001)", a: "A"}
    earlier.ask("POST", "undo", {"ticket": done["ticket"]})
    assert earlier.act("titles", "signal") == {a: "a", b: "b", c: "c", fft: "fft(s003)"}
    np.testing.assert_array_equal(earlier.records(spot)[0].data, image().data)

    difference = {"name": "difference", "on": [a], "with": b}
    (result,) = earlier.ask("POST", "compute", difference)["uuids"]
    assert earlier.records(result)[0].title == "s001-s002"
    with pytest.raises(RefusedError):
        earlier.ask("POST", "compute", {"name": "ifft", "on": [a]})
    assert earlier.ask("GET", "screenshot", what="signal").startswith(b"\x89PNG")

    state = earlier.snapshot()
    earlier.act("rename", "signal", a, "renamed")
    query = {"since": state["rev"], "boot": state["boot"], "wait": CALL}
    events = earlier.ask("GET", "events", **query)["events"]
    assert {event["event"] for event in events} & {"changed", "selection", "shown"}
    earlier.act("remove", "signal", [a])
    assert [o["name"] for o in earlier.snapshot()["objects"] if o["uuid"] == b] == ["b"]
    earlier.do({"op": "clear"})
    assert earlier.snapshot()["objects"] == []
