"""Two notebooks and a user at one window."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
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
        self.datalab = datalab
        self.random = random.Random(seed)
        self._numbers = itertools.count()
        #: The UUIDs of the user's objects by title.
        self.objects: dict[str, str] = {}

    def act(self) -> None:
        """Do something."""
        acts = [self._add, self.select, self.select, self._remove, self._rename]
        (self.random.choice(acts) if len(self.objects) > 2 else self._add)()

    def close(self) -> None:
        """Close the connection."""

    def add(self, title: str, values: list[float]) -> str:
        """Add a signal, and return its UUID."""
        uuid: str = self.datalab.act("add", "signal", title, values)
        return uuid

    def select(self) -> None:
        """Select one of the user's objects."""
        chosen = self.random.choice(sorted(self.objects))
        self.datalab.act("select", "signal", [self.objects[chosen]])

    def remove(self, title: str) -> None:
        """Remove an object."""
        self.datalab.act("remove", "signal", [self.objects[title]])

    def rename(self, title: str, new: str) -> None:
        """Give an object another title."""
        self.datalab.act("rename", "signal", self.objects[title], new)

    def _add(self) -> None:
        title = f"user {next(self._numbers)}"
        self.objects[title] = self.add(title, [self.random.random(), 2.0])

    def _remove(self) -> None:
        title = self.random.choice(sorted(self.objects))
        self.remove(title)
        del self.objects[title]

    def _rename(self) -> None:
        title = self.random.choice(sorted(self.objects))
        new = f"user {next(self._numbers)}"
        self.rename(title, new)
        self.objects[new] = self.objects.pop(title)


class UserByWebApi(User):
    """A user whose acts arrive by the Web API."""

    def __init__(self, datalab: Application, seed: int) -> None:
        super().__init__(datalab, seed)
        token = Token(datalab.token)
        self._web = WebApi(NativeTransport(datalab.url, token=token))

    def close(self) -> None:
        self._web.close()

    def add(self, title: str, values: list[float]) -> str:
        data = np.array([np.arange(len(values)), values], float)
        record = Record("signal", {"title": title}, {"xydata": data})
        self._web.put(title, record)
        return record.uuid

    def select(self) -> None:
        self._web.select([self.random.choice(sorted(self.objects))], "signal")

    def remove(self, title: str) -> None:
        self._web.remove(title)

    def _rename(self) -> None:
        self.select()  # the Web API has no way to rename


class RaceRules:
    """What holds however the workspaces are attached."""

    #: The name of a way in `support.racing`.
    way: ClassVar[str]
    user: ClassVar[type[User]] = User
    #: The share of the calls that may be refused.
    refused: ClassVar[float] = 0.0

    def connection(self, datalab: Application) -> dict[str, str]:
        """Return what describes DataLab for that way."""
        return datalab.connection

    @pytest.mark.parametrize("count", COUNTS)
    def test_two_notebooks_and_a_user(self, datalab: Application, count: int) -> None:
        """No call fails, blames what is not its own, or leaves a result behind."""
        datalab.rpc.toggle_auto_refresh(False)
        user = self.user(datalab, seed=count)
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
        assert sum(each["refused"] for each in found) <= count * self.refused
        assert found[0]["names"] == found[1]["names"]
        known = {uuid for each in found for uuid in each["uuids"]}
        with closing(XmlRpc(datalab.rpc_port)) as client:
            there = {ref.uuid: ref.title for ref in client.objects()}
        expected = known | {*user.objects.values()}
        assert {title for u, title in there.items() if u not in expected} == set()
        assert expected <= there.keys()

    @contextmanager
    def _notebook(
        self, datalab: Application, name: str, count: int, end: int
    ) -> Iterator[subprocess.Popen[str]]:
        connection = json.dumps(self.connection(datalab))
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "support.racing", self.way, connection),
                *(name, str(count + ord(name)), str(count), str(end)),
            ],
            cwd=_TESTS,
            pass_fds=[end],
            stdin=subprocess.PIPE,
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
    user = UserByWebApi
    refused = 0.1


class TestCompanion(RaceRules):
    """By the companion."""

    way = "companion"

    @pytest.fixture
    def datalab(self, companion_datalab: Application) -> Application:
        return companion_datalab

    def connection(self, datalab: Application) -> dict[str, str]:
        companion = datalab.companion
        return {"url": companion.url, "token": companion.token}
