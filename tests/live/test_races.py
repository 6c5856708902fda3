"""Two notebooks and a user at one window."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from datalab_workspace.live.clients.webapi import WebApi
from datalab_workspace.live.clients.xmlrpc import XmlRpc
from datalab_workspace.live.transport.native import NativeTransport
from datalab_workspace.live.transport.token import Token
from datalab_workspace.model.record import Record
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]

_TESTS = Path(__file__).parents[1]
#: Calls of the notebooks together; the user does something after each of them.
COUNTS = [40, pytest.param(500, marks=pytest.mark.slow)]


class User:
    """A user who adds, removes and selects objects in the window.

    Args:
        datalab: The running application.
        seed: The seed of the random numbers.
    """

    def __init__(self, datalab: Application, seed: int) -> None:
        self._datalab = datalab
        token = Token(datalab.token)
        self._web = WebApi(NativeTransport(datalab.url, token=token))
        self._random = random.Random(seed)
        self._numbers = itertools.count()
        #: The UUIDs of the user's objects by title.
        self.objects: dict[str, str] = {}

    def act(self) -> None:
        """Do something."""
        acts = [self._add, self._select, self._select, self._remove]
        (self._random.choice(acts) if len(self.objects) > 2 else self._add)()

    def close(self) -> None:
        """Close the connection."""
        self._web.close()

    def _add(self) -> None:
        title = f"user {next(self._numbers)}"
        data = np.array([[0.0, 1.0], [self._random.random(), 2.0]])
        record = Record("signal", {"title": title}, {"xydata": data})
        self._web.put(title, record)
        self.objects[title] = record.uuid

    def _select(self) -> None:
        self._web.select([self._random.choice(sorted(self.objects))], "signal")

    def _remove(self) -> None:
        title = self._random.choice(sorted(self.objects))
        self._web.remove(title)
        del self.objects[title]


class RaceRules:
    """What holds however the workspaces are attached."""

    #: The name of a way in `support.racing`.
    way: ClassVar[str]

    @pytest.mark.parametrize("count", COUNTS)
    def test_two_notebooks_and_a_user(self, datalab: Application, count: int) -> None:
        """No call fails, blames what is not its own, or leaves a result behind."""
        datalab.rpc.toggle_auto_refresh(False)
        user = User(datalab, seed=count)
        try:
            with ExitStack() as stack:
                calls, end = os.pipe()
                stack.callback(os.close, calls)
                notebooks = [
                    stack.enter_context(self._notebook(datalab, name, count // 2, end))
                    for name in ("A", "B")
                ]
                os.close(end)
                while os.read(calls, 1):  # until both have ended
                    user.act()
                found = [self._result(process) for process in notebooks]
        finally:
            user.close()
            datalab.rpc.toggle_auto_refresh(True)
        failures = [failure for each in found for failure in each["failures"]]
        assert not failures, "\n\n".join(failures)
        assert sum(each["refused"] for each in found) <= count // 10
        known = {uuid for each in found for uuid in each["uuids"]}
        client = XmlRpc(datalab.rpc_port)
        there = {ref.uuid: ref.title for ref in client.objects()}
        client.close()
        expected = known | {*user.objects.values()}
        assert {title for u, title in there.items() if u not in expected} == set()
        assert expected <= there.keys()

    @contextmanager
    def _notebook(
        self, datalab: Application, name: str, count: int, end: int
    ) -> Iterator[subprocess.Popen[str]]:
        connection = json.dumps(datalab.connection)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "support.racing", self.way, connection),
                *(name, str(count + ord(name)), str(count), str(end)),
            ],
            cwd=_TESTS,
            pass_fds=[end],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def _result(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        out, error = process.communicate()
        assert process.returncode == 0, error
        result: dict[str, Any] = json.loads(out)
        return result


class TestOldProtocols(RaceRules):
    """By the Web API and XML-RPC together."""

    way = "old protocols"
