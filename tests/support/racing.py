"""A notebook at work in a DataLab that others use, too, as a process of its own.

``python -m support.racing WAY CONNECTION NAME SEED COUNT FD`` does random things with
objects of its own, and compares each with what it expects. It writes a byte to the file
descriptor after each call, waits until its standard input ends, and prints what it
found as JSON. `WAY` is one of `WAYS`, and `CONNECTION` describes DataLab for it.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import datalab_workspace as dlw
from datalab_workspace.live.backend import LiveBackend
from datalab_workspace.live.companion.backend import CompanionBackend
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.endpoint import Endpoint
from datalab_workspace.live.transport.token import Token

#: A complaint that a race may cause: DataLab itself computes from what is selected in
#: its window.
ALLOWED = "the selection in its window was changed at the same time"


def _by_old_protocols(connection: Mapping[str, str]) -> dlw.Workspace:
    endpoint = Endpoint(
        "environment",
        "1.3.0",
        connection["DATALAB_WORKSPACE_URL"],
        Token(connection["DATALAB_WORKSPACE_TOKEN"]),
        int(connection["DATALAB_XMLRPCPORT"]),
    )
    return dlw.Workspace(backend=LiveBackend(Connection(endpoint)))


def by_companion(connection: Mapping[str, str]) -> dlw.Workspace:
    """Return a workspace that is attached to the companion of a URL and token."""
    endpoint = Endpoint(
        "url",
        "1.3.0",
        companion_url=connection["url"],
        companion_token=Token(connection["token"]),
    )
    return dlw.Workspace(backend=CompanionBackend(endpoint))


#: The ways to attach a workspace to DataLab.
WAYS: dict[str, Callable[[Mapping[str, str]], dlw.Workspace]] = {
    "old protocols": _by_old_protocols,
    "companion": by_companion,
}


def _is_allowed(error: dlw.LiveError) -> bool:
    # DataLab never answers an XML-RPC call that arrives in the moment in which it has
    # just answered one of another program: see docs/upstream/datalab_ready.md.
    stuck = isinstance(error, dlw.NoAnswerError) and "/RPC2" in str(error)
    return stuck or (ALLOWED in str(error) and "may be left" not in str(error))


class Notebook:
    """Random calls of one workspace, on objects of its own.

    Args:
        workspace: The workspace.
        name: The beginning of the names of its objects.
        seed: The seed of the random numbers.
    """

    def __init__(self, workspace: dlw.Workspace, name: str, seed: int) -> None:
        self._workspace = workspace
        self._name = name
        self._random = random.Random(seed)
        self._numbers = itertools.count()
        #: The data of its objects by name.
        self.objects: dict[str, np.ndarray[Any, Any]] = {}
        self.failures: list[str] = []
        self.refused = 0

    def work(self, count: int, done: Callable[[], object]) -> None:
        """Make some random calls.

        Args:
            count: Their number.
            done: Called after each of them.
        """
        calls = [
            *(self.add, self.add, self.get, self.get, self.overwrite, self.rename),
            *(self.compute, self.compute_in_datalab, self.remove, self.edit),
            *(self.choose, self.look),
        ]
        for _ in range(count):
            call = self._random.choice(calls) if self.objects else self.add
            try:
                call()
            except dlw.LiveError as error:
                if not _is_allowed(error):
                    self._note(call)
                self.refused += 1
            except Exception:  # noqa: BLE001  what the test is to report
                self._note(call)
            done()

    def _note(self, call: Callable[[], None]) -> None:
        self.failures.append(f"{call.__name__}: {traceback.format_exc()[-3000:]}")

    def _own(self) -> str:
        return self._random.choice(sorted(self.objects))

    def _data(self) -> np.ndarray[Any, Any]:
        shape = self._random.choice([(12,), (5, 4)])
        return np.asarray([self._random.random() for _ in range(12)][: shape[0]]) + (
            np.zeros(shape) if len(shape) == 1 else np.zeros((4, 5))
        )

    def add(self) -> None:
        name, data = f"{self._name}{next(self._numbers)}", self._data()
        self.objects[self._workspace.add(name, data)] = data

    def get(self) -> None:
        name = self._own()
        found = self._workspace.get(name).data
        np.testing.assert_array_equal(found, self.objects[name], err_msg=name)

    def overwrite(self) -> None:
        name, data = self._own(), self._data()
        self._workspace.add(name, data, overwrite=True)
        self.objects[name] = data

    def rename(self) -> None:
        name, new = self._own(), f"{self._name}{next(self._numbers)}"
        self._workspace.rename(name, new)
        self.objects[new] = self.objects.pop(name)

    def remove(self) -> None:
        name = self._own()
        self._workspace.remove(name)
        del self.objects[name]

    def edit(self) -> None:
        name = self._own()
        self._workspace.edit(name, metadata={"n": next(self._numbers)})

    def choose(self) -> None:
        self._workspace.select(self._own())

    def look(self) -> None:
        listed = {*self._workspace.list()}
        assert listed >= self.objects.keys(), self.objects.keys() - listed
        described = self._workspace.describe(self._own())
        assert described.shape == self.objects[described.name].shape

    def compute(self) -> None:
        self._keep_result(self._workspace.calc("absolute", on=self._own()))

    def compute_in_datalab(self) -> None:
        source = self._own()
        result = self._workspace.calc("absolute", on=source, where="datalab")
        self._keep_result(result)

    def _keep_result(self, result: str) -> None:
        """Give a result a name of its own, and compare it."""
        name = f"{self._name}{next(self._numbers)}"
        self._workspace.rename(result, name)
        self.objects[name] = self._workspace.get(name).data

    def uuids(self) -> list[str]:
        """Return the UUIDs of its objects, after a comparison of their data."""
        for name, data in self.objects.items():
            found = self._workspace.get(name).data
            np.testing.assert_array_equal(found, data, err_msg=name)
        return [self._workspace.record(name).uuid for name in self.objects]

    def names(self) -> dict[str, str]:
        """Return the names of all objects by UUID."""
        described = map(self._workspace.describe, self._workspace.list())
        return {found.uuid: found.name for found in described}


def main(
    way: str, connection: str, name: str, seed: str, count: str, descriptor: str
) -> None:
    """Work, and print what was found."""
    workspace = WAYS[way](json.loads(connection))
    notebook = Notebook(workspace, name, int(seed))
    notebook.work(int(count), lambda: os.write(int(descriptor), b"."))
    os.close(int(descriptor))
    sys.stdin.read()
    found: dict[str, Any] = {"failures": notebook.failures, "refused": notebook.refused}
    found |= {"uuids": notebook.uuids(), "names": notebook.names()}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
