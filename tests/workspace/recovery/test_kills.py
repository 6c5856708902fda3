"""A process that changes its workspace at random is killed at a random moment."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time

import pytest

from datalab_workspace import Workspace

#: Changes that are older than this when the process dies are not lost, in seconds.
OLD = 2.0
SOME, ALL = range(3), range(3, 200)

# Prints what it is about to do and what it has done, with the state of the object then.
VICTIM = """
import json, random, sys, time
import numpy as np
from datalab_workspace import Workspace
from datalab_workspace.recovery.start import start
from recovery_digest import digest

chance = random.Random(int(sys.argv[1]))
workspace = Workspace()
start(workspace)

def say(*what):
    print(json.dumps([time.time(), *what]), flush=True)

def value():
    size = chance.choice([3, 50, 1000, 1000, 20_000])
    return np.frombuffer(chance.randbytes(8 * size), "u8").astype(float)

say("begin")
number = 0
while True:
    names = workspace.list()
    action = chance.choice("add add add replace edit edit rename remove move".split())
    if not names or (action == "add" and len(names) < 40):
        name, before = f"object {number}", None
        number += 1
    else:
        before = name = chance.choice(names)
        if action == "rename":
            name = f"object {number}"
            number += 1
    say("doing", before, name)
    if before is None or action == "replace":
        workspace.add(name, value(), overwrite=True)
    elif action == "rename":
        workspace.rename(before, name)
    elif action == "remove":
        workspace.remove(name)
    elif action == "move":
        workspace.move(name, f"group {chance.randrange(3)}")
    else:
        entries = {"n": chance.random(), "array": np.arange(chance.randrange(99))}
        workspace.edit(name, xunit=str(chance.random()), metadata=entries)
    after = digest(workspace.record(name)) if name in workspace else None
    say("done", before, name, after)
    time.sleep(chance.choice([0, 0, 0.01, 0.1]))
"""

DIGEST = """
import hashlib

def digest(record):
    content = hashlib.sha256(repr(sorted(record.fields.items())).encode())
    for key, value in sorted(record.metadata.items()):
        content.update(repr((key, getattr(value, "tobytes", lambda: value)())).encode())
    for name in record.arrays:
        array = record.array(name)
        content.update(f"{name} {array.dtype} {array.shape}".encode())
        content.update(array.tobytes())
    return content.hexdigest()
"""


@pytest.fixture
def digest(tmp_path, monkeypatch):
    """`digest(record)`, which the victim computes, too."""
    (tmp_path / "recovery_digest.py").write_text(DIGEST)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    names: dict = {}
    exec(DIGEST, names)
    return names["digest"]


def run_and_kill(seed: int) -> tuple[list, float]:
    """Run the victim until it is killed; return what it said, and that moment."""
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(seed)], stdout=subprocess.PIPE, text=True
    ) as victim:
        assert victim.stdout is not None
        lines = [victim.stdout.readline()]
        time.sleep(random.Random(seed).uniform(0, 2 * OLD))
        died = time.time()
        victim.kill()
        lines += victim.stdout.readlines()
    # The last line may have been cut off.
    return [json.loads(line) for line in lines if line.endswith("]\n")], died


def versions(said: list, died: float) -> dict[str, set]:
    """Return the states of each object that may be recovered; None stands for gone."""
    allowed: dict[str, set] = {}
    for moment, what, *details in said:
        if what != "done":
            continue
        before, name, after = details
        for changed, state in {before: None, name: after}.items():
            if changed is not None:
                states = allowed.setdefault(changed, {None})
                if moment < died - OLD:
                    states.clear()  # an older state would be too old
                states.add(state)
    return allowed


@pytest.mark.parametrize(
    "seed", [*SOME, *(pytest.param(seed, marks=pytest.mark.slow) for seed in ALL)]
)
def test_what_is_older_than_two_seconds_is_recovered(seed, folder, digest):
    said, died = run_and_kill(seed)

    found = Workspace()
    if found.recover():
        found.recover(1)

    allowed = versions(said, died)
    last = said[-1]
    if last[1] == "doing":  # it may have been done, and the state is not known
        for name in last[2:]:
            allowed.pop(name, None)
    unknown = {name for name in last[2:] if last[1] == "doing"}
    assert set(found) <= allowed.keys() | unknown, "nothing is invented"
    for name, states in allowed.items():
        state = digest(found.record(name)) if name in found else None
        assert state in states, name


def test_the_rule_notices_what_is_lost_and_what_is_old():
    said = [
        [10.0, "done", None, "a", "1"],
        [11.0, "done", "a", "a", "2"],
        [13.5, "done", "a", "b", "3"],
    ]
    assert versions(said, 14.0) == {"a": {"2", None}, "b": {None, "3"}}
