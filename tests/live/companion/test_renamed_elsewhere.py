"""Calls by a name that another notebook has given to another object."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from datalab_workspace import ReusedNameError, Workspace
from support.racing import by_companion
from support.real_datalab.application import Application

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

CALLS: dict[str, Callable[[Workspace], object]] = {
    "edit": lambda workspace: workspace.edit("peak", xunit="ms"),
    "rename": lambda workspace: workspace.rename("peak", "line"),
    "remove": lambda workspace: workspace.remove("peak"),
    "move": lambda workspace: workspace.move("peak", "second"),
    "select": lambda workspace: workspace.select("peak"),
    "get": lambda workspace: workspace.get("peak"),
    "describe": lambda workspace: workspace.describe("peak"),
    "calc": lambda workspace: workspace.calc("absolute", on="peak"),
}


@pytest.mark.parametrize("call", CALLS)
def test_nothing_is_done_to_either(companion_datalab: Application, call: str) -> None:
    """The call raises, although the workspace has not looked since."""
    companion = companion_datalab.companion
    address = {"url": companion.url, "token": companion.token}
    workspace, other = by_companion(address), by_companion(address)
    workspace.add("peak", np.arange(3.0))
    other.rename("peak", "old")
    other.add("peak", np.arange(4.0))
    before = [other.describe(name) for name in ("old", "peak")]

    with pytest.raises(ReusedNameError):
        CALLS[call](workspace)

    assert other.list() == ["old", "peak"]
    assert [other.describe(name) for name in ("old", "peak")] == before
