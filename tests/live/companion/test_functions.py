"""Macros, screenshots and quiet."""

from __future__ import annotations

import pytest

from support.real_datalab.application import CALL
from support.real_datalab.window_client import RefusedError, WindowClient

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


def test_a_macro(companion: WindowClient) -> None:
    code = "import sys; print('done'); print('no', file=sys.stderr); sys.exit(3)"
    companion.evaluate(
        f"[(m.set_code({code!r}), setattr(m, 'title', 'mine'))[2:]"
        " for m in [main.macropanel.add_macro()]]"
    )
    known = companion.ask("GET", "macros")["macros"]
    assert {"title": "mine", "running": False} in known
    ticket = companion.ask("POST", "macro", {"title": "mine"})["ticket"]
    ended = companion.ask("GET", f"macro/{ticket}", wait=CALL)
    assert (ended["code"], ended["errors"].strip()) == (3, "no")
    assert sorted(ended["output"].split()) == ["done", "no"]


def test_a_macro_that_does_not_exist(companion: WindowClient) -> None:
    with pytest.raises(RefusedError) as refused:
        companion.ask("POST", "macro", {"title": "none"})
    assert refused.value.answer["missing"] == ["none"]


@pytest.mark.parametrize("what", ["window", "signal", "image"])
def test_a_screenshot(companion: WindowClient, what: str) -> None:
    assert companion.ask("GET", "screenshot", what=what).startswith(b"\x89PNG")


def test_quiet(companion: WindowClient) -> None:
    companion.ask("POST", "quiet", {"on": True})
    (uuid,) = companion.add("peak")
    companion.do({"op": "select", "uuids": [uuid]})
    drawn = f"main.signalpanel.plothandler.get({uuid!r}) is not None"
    assert not companion.evaluate(drawn)
    companion.ask("POST", "quiet", {"on": False})
    assert companion.evaluate(drawn)
