"""Folders of runs that are damaged, or come from elsewhere."""

from __future__ import annotations

import json
import shutil
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.batch.driver.computation import Computation
from datalab_workspace.batch.folder.part_file import _BEGIN, _END
from datalab_workspace.batch.folder.run_journal import decode_line


class EndedError(Exception):
    """The end of a driver before it wrote the results."""


@pytest.fixture
def objects() -> dlw.Workspace:
    workspace = dlw.Workspace()
    for index in range(4):
        workspace.add(f"item {index}", (np.arange(50.0), np.arange(50.0) + index))
    return workspace


def greatest(obj):
    return obj, {"greatest": float(obj.y.max())}


def compute(objects, out: Path, **options) -> dlw.batch.Run:
    return dlw.batch.map(greatest, objects, out=out, on="serial", **options)


@pytest.fixture
def finished(objects, tmp_path) -> dict[str, bytes]:
    """The files of the run when nothing disturbs it."""
    folder = tmp_path / "undisturbed"
    folder.mkdir()
    compute(objects, folder / "o.h5")
    return {
        path.name: path.read_bytes() for path in folder.glob("o.*") if path.is_file()
    }


@pytest.fixture
def out(objects, tmp_path, monkeypatch) -> Path:
    """The output of a run that was computed and not written; its parts exist."""

    def end(*_):
        raise EndedError

    out = tmp_path / "o.h5"
    with monkeypatch.context() as context:
        context.setattr(Computation, "_write", end)
        with pytest.raises(EndedError):
            compute(objects, out)
    assert len([*(tmp_path / "o.h5.run" / "parts").iterdir()]) >= 2
    return out


def _swap(part: Path) -> None:
    """Describe the elements of an array as pointers to objects of Python."""
    content = part.read_bytes()
    offset, length, _ = _END.unpack(content[-_END.size :])
    document = content[offset : offset + length].replace(b"<f8", b"|O8")
    end = _END.pack(offset, len(document), zlib.crc32(document))
    part.write_bytes(content[:offset] + document + end)


def _empty(part: Path) -> None:
    document = b'[{"uuid": 5}]'
    end = _END.pack(len(_BEGIN), len(document), zlib.crc32(document))
    part.write_bytes(_BEGIN + document + end)


def _cut(part: Path) -> None:
    part.write_bytes(part.read_bytes()[:-1000])


def _alter(part: Path) -> None:
    content = part.read_bytes()
    place = content.index(np.arange(50.0).tobytes()) + 100
    part.write_bytes(content[:place] + b"\xff" + content[place + 1 :])


def _replace(part: Path) -> None:
    others = sorted(part.parent.iterdir())
    others.remove(part)
    part.write_bytes(others[0].read_bytes())


def _replace_by_text(part: Path) -> None:
    part.write_text("not a project")


@pytest.mark.parametrize(
    "damage", [_cut, _alter, _swap, _empty, _replace, _replace_by_text]
)
def test_the_items_of_a_damaged_part_are_computed_again(out, objects, finished, damage):
    damage(min((out.parent / "o.h5.run" / "parts").iterdir()))
    compute(objects, out)
    found = {name: (out.parent / name).read_bytes() for name in finished}
    assert found == finished


@pytest.mark.parametrize(
    "line",
    [
        {"receipts": 5},
        {"receipts": [[0, "item 0"]]},
        {"receipts": [[-1, "item 0", "f", 0.0, [], None]]},
        {"receipts": [[0, "item 0", "f", 0.0, [["item 0", [], []]], None]]},
        {"receipts": [[0, "item 0", "f", 0.0, [], "error"]]},
        {"items": -1},
        {"items": 10**12},
        {"units": {"a": {}}},
        {"part": "../other.h5"},
        {"part": "/tmp/other.h5"},
        {"seconds": "many"},
        {"outputs": 5},
        {"engine": {"complex": ["a", "b"]}},
        [],
    ],
)
def test_a_line_that_no_run_writes_counts_as_damaged(out, objects, finished, line):
    data = json.dumps(line).encode() + b"\n"
    assert decode_line(data) is None
    journal = out.parent / "o.h5.run" / "journal.jsonl"
    journal.write_bytes(data + b"[" * 50_000 + b"\n" + journal.read_bytes())
    assert dlw.batch.open(out).done == 4
    compute(objects, out)
    found = {name: (out.parent / name).read_bytes() for name in finished}
    assert found == finished


@pytest.mark.parametrize("content", ["", "null", "[]", "[" * 50_000, '{"format": 1}'])
def test_damaged_properties_are_named_and_can_be_replaced(out, objects, content):
    (out.parent / "o.h5.run" / "run.json").write_text(content)
    with pytest.raises(dlw.RunExistsError, match="restart=True"):
        compute(objects, out)
    assert compute(objects, out, restart=True).done == 4


def test_a_run_without_its_journal_has_no_results(out, objects):
    (out.parent / "o.h5.run" / "journal.jsonl").unlink()
    assert (dlw.batch.open(out).done, compute(objects, out).done) == (0, 4)


@pytest.mark.parametrize("place", [".", "outputs"])
def test_a_list_of_outputs_names_no_other_files(out, objects, place):
    others = ["notes.txt", "other.csv", "..", "o.h5.run", 5, None]
    (out.parent / "notes.txt").write_text("mine")
    (out.parent / "other.csv").write_text("mine")
    folder = out.parent / "o.h5.run" / place
    folder.mkdir(exist_ok=True)
    (folder / "notes.txt").write_text("theirs")
    (folder / "outputs.json").write_text(json.dumps(others))
    compute(objects, out)
    assert (out.parent / "notes.txt").read_text() == "mine"
    assert (out.parent / "other.csv").read_text() == "mine"


@pytest.mark.parametrize("content", ["null", "5", "[" * 50_000, '{"a": 1}', "\x80"])
def test_a_damaged_list_of_outputs_is_ignored(out, objects, content):
    (out.parent / "o.h5.run" / "outputs.json").write_text(content, "latin-1")
    assert compute(objects, out).done == 4


@pytest.mark.parametrize("name", ["lock", "journal.jsonl", "under_way", "parts"])
def test_links_in_the_folder_of_a_run_are_not_followed(out, objects, tmp_path, name):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "precious.h5").write_text("mine\nand more")
    link = out.parent / "o.h5.run" / name
    shutil.rmtree(link) if link.is_dir() else link.unlink()
    is_folder = name in ("under_way", "parts")
    link.symlink_to(mine if is_folder else mine / "precious.h5")
    for restart in (False, True):
        with pytest.raises(dlw.RunExistsError, match="neither a file nor a folder"):
            compute(objects, out, restart=restart)
    assert (mine / "precious.h5").read_text() == "mine\nand more"


@pytest.mark.parametrize(
    "step",
    [
        {"function": "timeit:timeit", "parameters": {"setup": "mine.unlink()"}},
        {"feature": "timeit:timeit"},
        "timeit:timeit",
        {"function": "module_in_the_folder:function"},
    ],
)
def test_a_run_that_was_opened_calls_no_function_of_others(
    out, objects, monkeypatch, step
):
    (out.parent / "module_in_the_folder.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(out.parent)
    path = out.parent / "o.h5.run" / "run.json"
    properties = json.loads(path.read_text())
    items = [str(objects.save(out.parent / "in.h5"))]
    properties["call"] = {
        "chain": {"steps": [step]},
        "items": items,
        "key": "k",
        "options": {},
    }
    path.write_text(json.dumps(properties))
    with pytest.raises(ValueError, match="imports no module"):
        dlw.batch.open(out).retry()
    assert "module_in_the_folder" not in sys.modules
