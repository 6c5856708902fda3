"""Histories of files that somebody has damaged or crafted break no call."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import datalab_workspace as dlw
from datalab_kernel_core.display.history_html import history_html
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.history.calls.execution import edited
from datalab_workspace.history.steps import Edit
from datalab_workspace.history.storage.written import Entry, Written
from support.notebook_cells import Notebook

pytestmark = pytest.mark.filterwarnings("ignore")

#: What replaces a part of an entry: values of all types of JSON, and too large ones.
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 1 << 31, 1 << 64, 10**400, 1.5),
    *(float("nan"), float("inf"), "", "x", "\n", "\x1b[2J", '"]\n', "<b>", "é\ud800"),
    *("a" * 10000, [], [[]], {}, {"a": 1}, [1], [[1, 2], [3]], [None] * 5),
    *({"__type__": "array"}, {"\x00": None}),
)

VERDICTS = ("identical", "different", "not replayable")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> dlw.Workspace:
    """A workspace that was opened from a file with calls, code and edits."""
    notebook = Notebook()
    notebook.run(
        "x = np.linspace(0, 1, 50); workspace['raw'] = (x, np.sin(3 * x))",
        "import sigima.proc.signal as sps",
        "g = workspace['raw']; g.y = g.y + 1; workspace['b'] = sps.absolute(g)",
        "workspace.edit('b', xunit='s', roi=sigima.create_signal_roi([0.1, 0.5]))",
        "workspace['c'] = sps.difference(workspace['b'], workspace['raw'])",
    )
    path = tmp_path_factory.mktemp("crafted") / "a.h5"
    return dlw.open(notebook.workspace.save(path))


@pytest.fixture(scope="module")
def entries(source: dlw.Workspace) -> dict[str, Any]:
    """The histories in the file, by name."""
    backend, names = source._session.backend, source.list()
    records = {name: backend.record(source.describe(name).uuid) for name in names}
    return {name: record.history.entry.content for name, record in records.items()}


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the keys that lead to each part of a JSON document."""
    if path:
        yield path
    keys: Any = data if isinstance(data, dict) else ()
    for key in range(len(data)) if isinstance(data, list) else keys:
        yield from places(data[key], (*path, key))


def part(data: Any, path: tuple[Any, ...]) -> Any:
    """Return a part of a JSON document."""
    for key in path:
        data = data[key]
    return data


def crafted(content: dict[str, Any], choice: random.Random) -> dict[str, Any]:
    """Return an entry of which some parts are replaced, repeated or missing."""
    content = copy.deepcopy(content)
    for _ in range(choice.choice([1, 1, 1, 2, 4])):
        every = list(places(content))
        if not every:
            break
        *parents, key = choice.choice(every)
        parent = part(content, tuple(parents))
        how = choice.random()
        if how < 0.7:
            parent[key] = copy.deepcopy(choice.choice(VALUES))
        elif how < 0.8:
            del parent[key]
        elif how < 0.9 and isinstance(parent, list):
            parent.insert(key, copy.deepcopy(choice.choice(VALUES)))
        else:
            parent[key] = copy.deepcopy(part(content, choice.choice(every)))
    return content


def with_crafted(
    source: dlw.Workspace, entries: dict[str, Any], choice: random.Random
) -> dlw.Workspace:
    """Return a workspace in memory whose objects have crafted histories."""
    made = dlw.Workspace(backend=MemoryBackend())
    for name, content in entries.items():
        made.add(name, source.get(name))
        record = made._session.backend.record(made.describe(name).uuid)
        if name != "raw":
            content = crafted(content, choice)
        if choice.random() < 0.9:
            content = {**content, "uuid": record.uuid}
        record.history = Written(Entry(content), record)
    return made


@pytest.mark.parametrize(
    "seeds",
    [range(12), pytest.param(range(12, 1000), marks=pytest.mark.slow)],
    ids=["few", "many"],
)
def test_a_crafted_history_breaks_no_call(
    source: dlw.Workspace, entries: dict[str, Any], tmp_path: Path, seeds: range
) -> None:
    for seed in seeds:
        workspace = with_crafted(source, entries, random.Random(seed))
        for name in ("c", "b"):
            history = workspace.history(name)
            assert str(history)
            assert history_html(history)
            assert workspace.replay(name).verdict in VERDICTS
        assert isinstance(workspace.stale(), dict)
        if seed % 3 == 0:
            saved = workspace.save(tmp_path / "s.h5", overwrite=True)
            assert str(dlw.open(saved).history("c"))


@pytest.mark.parametrize("value", [["s"], {"a": 1}, 5])
def test_a_field_of_the_wrong_type_is_not_set(
    source: dlw.Workspace, value: Any
) -> None:
    with pytest.raises(dlw.NotReplayableError, match="an edit is malformed"):
        edited(source["raw"], Edit({"xunit": value}))
    with pytest.raises(dlw.NotReplayableError, match="there is no field 'other'"):
        edited(source["raw"], Edit({"other": value}))
