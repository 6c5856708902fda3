"""Change events in the kernel: the thread and the moment of a callback."""

from __future__ import annotations

SET_UP = """
import asyncio, threading
import numpy as np
from datalab_workspace import Workspace
from datalab_workspace.backends import Capabilities, MemoryBackend

class Shared(MemoryBackend):
    capabilities = Capabilities(shares_views=True, shared=True)
    def refresh(self, max_age=0.0):
        return True

ws = Workspace(backend=Shared())
ws.add("a", np.ones(3))
seen = []
handle = ws.on_change(
    lambda event: seen.append((event.origin.value, threading.current_thread().name))
)
"""


def test_a_change_of_a_cell_is_reported_within_the_cell(kernel) -> None:
    kernel.run(SET_UP)
    execution = kernel.run("ws.remove('a'); print(seen)")
    assert execution.stdout == "[('notebook', 'MainThread')]\n"


def test_a_change_made_elsewhere_is_reported_on_the_event_loop(kernel) -> None:
    """It is found by a look in this cell, and reported when the cell awaits."""
    kernel.run(SET_UP)
    kernel.run("uuid = ws.describe('a').uuid")
    kernel.run("ws.backend.edit(uuid, {'title': 'theirs'}, {})")
    execution = kernel.run("_ = ws.list(); print(seen); await asyncio.sleep(0); seen")
    assert execution.stdout == "[]\n"
    assert execution.result == "[('datalab', 'MainThread')]"
