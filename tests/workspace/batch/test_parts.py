"""The parts of a run: the objects of its tasks before they are in projects."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.batch.folder import part_file
from datalab_workspace.batch.folder.part_file import KeptObject, read_part
from datalab_workspace.batch.folder.parts import PARTS, KeptObjects, Part
from datalab_workspace.errors import DamagedFileError
from datalab_workspace.model.equality import equal
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_record
from datalab_workspace.testing.samples import OBJECTS


def _ramp(title: str = "ramp") -> Record:
    data = np.vstack([np.arange(9.0), np.arange(9.0) ** 2])
    return Record("signal", {"title": title}, {"xydata": data}, {"a": [1, None]})


def _part_of(folder: Path, *records: Record) -> Path:
    with Part(folder, "t") as part:
        part.add([KeptObject("scans", record) for record in records])
    assert part.name is not None
    return folder / PARTS / part.name


def test_objects_with_every_kind_of_content_are_as_they_were(tmp_path: Path) -> None:
    records = [to_record(make()) for make in OBJECTS.values()]
    found = read_part(_part_of(tmp_path, *records))
    for record in records:
        assert equal(found[record.uuid].record(), record), record.title
        assert found[record.uuid].group == "scans"


def test_a_part_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = _part_of(tmp_path, _ramp())
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedFileError, match="not a whole part"):
            read_part(path)


def test_a_file_that_is_no_part_is_refused(tmp_path: Path) -> None:
    workspace = dlw.Workspace()
    workspace.add("ramp", _ramp().data)
    path = _part_of(tmp_path, record := _ramp())
    workspace.save(tmp_path / "other.h5").replace(path)
    with pytest.raises(DamagedFileError, match="not a whole part"):
        KeptObjects(tmp_path).find(path.name, record.uuid)


@pytest.mark.parametrize(
    "place",
    [
        [1 << 40, "<f8", [2, 9], 0],
        [-8, "<f8", [2, 9], 0],
        [50, "<f8", [2, 1 << 50], 0],
        [50, "<f8", [-2, 9], 0],
        [50, "|O", [2, 9], 0],
        [50, "<f8", "29", 0],
        [50],
    ],
)
def test_a_forged_place_is_refused(tmp_path: Path, place: list[Any]) -> None:
    path = _part_of(tmp_path, _ramp())
    content = path.read_bytes()
    offset, length, _ = struct.unpack("<QQI", content[-20:])
    entries = json.loads(content[offset : offset + length])
    entries[0]["arrays"]["xydata"] = place
    forged = json.dumps(entries).encode()
    end = struct.pack("<QQI", offset, len(forged), zlib.crc32(forged))
    path.write_bytes(content[:offset] + forged + end)
    with pytest.raises(DamagedFileError, match="not a whole part"):
        read_part(path)


def test_after_an_error_there_is_no_part(tmp_path: Path) -> None:
    def fail() -> None:
        with Part(tmp_path, "t") as part:
            part.add([KeptObject(None, _ramp())])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not list((tmp_path / PARTS).iterdir())


def test_an_object_that_does_not_fit_into_memory_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other items of the task are kept."""
    first, second, third = map(_ramp, "abc")

    def begun(_array: object) -> Iterator[Any]:
        yield (), np.zeros(1000)
        raise MemoryError

    with Part(tmp_path, "t") as part:
        part.add([KeptObject(None, first)])
        with monkeypatch.context() as patch:
            patch.setattr(part_file, "array_blocks", begun)
            with pytest.raises(MemoryError):
                part.add([KeptObject(None, second)])
    with Part(tmp_path, "u") as other:
        other.add([KeptObject(None, third)])

    found = read_part(tmp_path / PARTS / str(part.name))
    assert list(found) == [first.uuid]
    assert equal(found[first.uuid].record(), first)
    found = read_part(tmp_path / PARTS / str(other.name))
    assert equal(found[third.uuid].record(), third)


def test_an_interrupted_run_shows_the_objects_that_are_in_parts(tmp_path: Path) -> None:
    source = dlw.Workspace()
    for number in range(4):
        source.add(f"ramp {number}", np.arange(8.0) + number)

    def stop_at_last(signal: Any) -> Any:
        if signal.title == "ramp 3":
            raise KeyboardInterrupt
        return signal

    with pytest.raises(KeyboardInterrupt):
        source.map(stop_at_last, out=tmp_path / "out.h5", on="serial")
    found = dlw.batch.open(tmp_path / "out.h5").workspace

    assert found.list()[0] == "ramp 0"
    assert found["ramp 0"].y.tolist() == list(range(8))
    assert "stop_at_last" in str(found.history("ramp 0"))
    saved = dlw.open(found.save(tmp_path / "copy.h5"))
    assert "stop_at_last" in str(saved.history("ramp 0"))
