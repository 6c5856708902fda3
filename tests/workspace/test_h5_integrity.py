"""The checksums of a project file hold in a copy, and what differs is reported."""

from __future__ import annotations

import json
import os
import shutil
import warnings
import zlib
from io import FileIO

import h5py
import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.errors import DamagedFileError, DamagedFileWarning
from datalab_workspace.formats.h5 import checksums, native
from datalab_workspace.formats.h5.checksums import (
    BLOCK,
    StructureChecksum,
    merge_extents,
    pack_extents,
    unpack_extents,
)
from datalab_workspace.formats.h5.verify import verify
from support.damage import small_projects, values
from support.project_files import MANIFEST, drop_manifest

PIXELS = np.arange(3000, dtype="u2").reshape(50, 60)
IMAGE = "DataLab_Ima/gi001: /i001: image"
#: The members of the index that earlier versions read.
FIRST_KEYS = {
    *("mtime_ns", "size", "details", "groups", "uuid", "title", "name"),
    *("form", "forms", "offset", "crc", "detail"),
}


@pytest.fixture
def path(tmp_path):
    """A copy of a saved project: another program's time stamp, the same bytes."""
    workspace = Workspace(backend=MemoryBackend())
    workspace.add("image", PIXELS)
    metadata = {"when": (1, None), "table": np.arange(900.0), "gain": 2}
    workspace.edit("image", metadata=metadata, xlabel="position")
    workspace.add("other", (np.arange(9.0), np.arange(9.0)))
    saved = workspace.save(tmp_path / "saved.h5")
    return shutil.copyfile(saved, tmp_path / "copy.h5")


@pytest.fixture
def original(path):
    """The saved project itself."""
    return path.with_name("saved.h5")


def forbid_the_layout(monkeypatch):
    """Let every attempt to read DataLab's layout fail."""

    def read_groups(*arguments):
        raise AssertionError("the layout was read")

    monkeypatch.setattr(native, "read_groups", read_groups)


def image_of(path, *, lazy=False):
    """The record of the image, and the warnings of reading all of it."""
    workspace = Workspace(backend=MemoryBackend())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        workspace.load(path, lazy=lazy)
        record = workspace.record("image")
        record.arrays["data"] = record.array("data")
    assert all(warning.category is DamagedFileWarning for warning in caught)
    return record, [str(warning.message) for warning in caught]


def flip(path, offset):
    """Flip a bit, without a change of the modification time."""
    stamp = path.stat()
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))


def problems(path):
    return "\n".join(verify(path).problems)


# -- copies ---------------------------------------------------------------------------


@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
@pytest.mark.parametrize("name", small_projects())
def test_copy_is_read_from_its_manifest(name, lazy, tmp_path, monkeypatch):
    saved = small_projects()[name](tmp_path / "saved.h5")
    copy = shutil.copyfile(saved, tmp_path / "copy.h5")
    os.utime(copy, (0, 0))
    forbid_the_layout(monkeypatch)
    assert values(copy, lazy=lazy) == values(saved, lazy=False)


@pytest.mark.parametrize("name", small_projects())
def test_check_compares_a_copy_completely(name, tmp_path):
    saved = small_projects()[name](tmp_path / "saved.h5")
    copy = shutil.copyfile(saved, tmp_path / "copy.h5")
    verdict = verify(copy)
    assert (verdict.problems, verdict.covers_all) == ([], True)
    assert verdict.checksums >= verdict.objects > 0


# -- changes by another program, and damage -------------------------------------------


@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
def test_changed_label_is_read_with_a_warning(path, lazy):
    with h5py.File(path, "r+") as file:
        file[IMAGE].attrs["xlabel"] = "changed"
    record, said = image_of(path, lazy=lazy)
    assert record.fields["xlabel"] == "changed"
    assert len(said) == 1
    assert f"{str(path)!r} was changed by another program since it was saved" in said[0]
    assert (
        "'image': DataLab reads other values than were saved of 'xlabel'"
        in problems(path)
    )


@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
def test_data_changed_in_a_copy_is_read_with_a_warning_and_its_sidecar(path, lazy):
    with h5py.File(path, "r+") as file:
        file[IMAGE]["data"][3, 4] = 7
    record, said = image_of(path, lazy=lazy)
    assert record.arrays["data"][3, 4] == 7
    assert record.metadata["when"] == (1, None)
    assert len(said) == 1
    assert f"'/{IMAGE}/data' was changed by another program, or is damaged" in said[0]
    assert f"/{IMAGE}/data: its checksum is wrong" in problems(path)


def test_changed_data_that_was_not_read_is_not_saved_unnoticed(path, tmp_path):
    with h5py.File(path, "r+") as file:
        file[IMAGE]["data"][3, 4] = 7
    workspace = dlw.open(path)
    with pytest.raises(DamagedFileError, match=r"restore the file, or get\(\)"):
        workspace.save(tmp_path / "new.h5")
    with pytest.warns(DamagedFileWarning, match="it is used as it is"):
        workspace.record("image").array("data")
    workspace.save(tmp_path / "new.h5")
    assert dlw.open(tmp_path / "new.h5").record("image").array("data")[3, 4] == 7


def test_damaged_layout_of_the_original_is_not_used(original):
    flip(original, original.read_bytes().index(b"position"))
    lazily, said = image_of(original, lazy=True)
    assert (lazily.fields["xlabel"], said) == ("position", [])
    record, said = image_of(original)
    assert record.fields["xlabel"] == "position"
    assert len(said) == 1
    assert "read from their second copy, which is intact. Save it again" in said[0]
    assert "the file is damaged: the checksum of all bytes outside" in problems(
        original
    )
    assert "other values than were saved of 'xlabel'" in problems(original)


def test_missing_and_added_objects_are_reported(path):
    with h5py.File(path, "r+") as file:
        group = file[IMAGE].parent
        file.copy(file[IMAGE], group, "i002: more")
        group["i002: more/metadata"].attrs["__uuid"] = "0" * 32
        group["i002: more"].attrs["title"] = "more"
        del file[IMAGE]
    assert "'image' was saved, and DataLab does not find it" in problems(path)
    assert "'more' was not saved with the other objects" in problems(path)


def test_other_title_of_a_group_is_reported(path):
    with h5py.File(path, "r+") as file:
        file[IMAGE].parent.attrs["title"] = "other"
    assert "DataLab reads other groups, or another order" in problems(path)


# -- the mark -------------------------------------------------------------------------


def _without_group(path):
    with h5py.File(path, "r+") as file:
        del file[MANIFEST]


def _with_another_name(path):
    content = path.read_bytes()
    name = MANIFEST.encode() + b"\0"
    assert content.count(name) >= 2  # the link and the mark
    with h5py.File(path, "r+") as file:
        file.move(MANIFEST, MANIFEST.replace("a", "b"))


def _with_another_format(path):
    with h5py.File(path, "r+") as file:
        file[MANIFEST].attrs["format"] = np.bytes_("other")


LOST = {
    "no group": _without_group,
    "another name": _with_another_name,
    "another format": _with_another_format,
}


@pytest.mark.parametrize("lose", LOST.values(), ids=LOST)
def test_file_that_lost_its_manifest_is_not_taken_for_one_of_datalab(path, lose):
    lose(path)
    _, said = image_of(path)
    assert len(said) == 1
    assert "damaged" in said[0]
    assert "damaged" in problems(path)


def test_mark_that_is_lost_is_noticed(path):
    with h5py.File(path, "r+") as file:
        del file.attrs[MANIFEST]
    _, said = image_of(path)
    assert len(said) == 1
    assert "was changed by another program" in said[0]


def test_file_without_manifest_and_mark_is_one_of_datalab(path):
    drop_manifest(path)
    assert image_of(path)[1] == []
    verdict = verify(path)
    assert (verdict.problems, verdict.checksums, verdict.covers_all) == ([], 0, False)


# -- other versions of this package ---------------------------------------------------


def index_of(path):
    """The extent of the index, and its content."""
    with h5py.File(path) as file:
        dataset = file[MANIFEST]["index"]
        begin, size = dataset.id.get_offset(), dataset.size
    return begin, size, json.loads(path.read_bytes()[begin + 9 : begin + size])


def as_an_older_version(path):
    """Leave out what older versions do not write, without a change of the time."""
    stamp = path.stat()
    begin, size, columns = index_of(path)
    columns = {key: value for key, value in columns.items() if key in FIRST_KEYS}
    text = json.dumps(columns).encode().ljust(size - 9)
    content = bytearray(path.read_bytes())
    content[begin : begin + size] = b"%08x " % zlib.crc32(text) + text
    path.write_bytes(content)
    os.utime(path, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))


def test_file_of_an_older_version_is_read_from_its_manifest(original, monkeypatch):
    before = values(original, lazy=False)
    as_an_older_version(original)
    forbid_the_layout(monkeypatch)
    assert values(original, lazy=False) == before


def test_copied_file_of_an_older_version_is_read_from_its_layout(path):
    as_an_older_version(path)
    record, said = image_of(path)
    assert (record.fields["xlabel"], said) == ("position", [])
    verdict = verify(path)
    assert (verdict.problems, verdict.covers_all) == ([], False)
    assert verdict.checksums == 2


def test_check_finds_damage_in_a_copied_file_of_an_older_version(path):
    as_an_older_version(path)
    with h5py.File(path, "r+") as file:
        file[IMAGE]["data"][3, 4] = 7
        file[IMAGE].attrs["xlabel"] = "changed"
    assert problems(path) == (
        "'image': DataLab reads other values than were saved of 'xlabel', "
        "metadata 'when', data"
    )


def test_older_versions_find_what_they_read(original):
    """They read these members, the checksum of the index and that of the details."""
    begin, size, columns = index_of(original)
    assert columns.keys() >= FIRST_KEYS
    content = original.read_bytes()
    start, crc = columns["details"]
    details = content[start : start + sum(columns["detail"])]
    assert zlib.crc32(details) == crc
    assert int(content[begin : begin + 8], 16) == zlib.crc32(
        content[begin + 9 : begin + size]
    )
    assert columns["mtime_ns"] == original.stat().st_mtime_ns
    assert columns["size"] == len(content)


# -- the checksum of the structure ----------------------------------------------------


@pytest.fixture
def numbers(tmp_path):
    path = tmp_path / "numbers"
    path.write_bytes(bytes(range(256)) * 20_000)
    with FileIO(path, "r+") as file:
        yield file


@pytest.mark.parametrize(
    "extents",
    [[], [(0, 10)], [(5_119_990, 10)], [(100, 50), (10, 20), (30, 70)], [(7, 3 << 20)]],
    ids=["none", "begin", "end", "touching", "large"],
)
def test_structure_is_all_outside_of_the_extents(numbers, extents):
    content = bytearray(numbers.readall())
    for offset, size in sorted(extents, reverse=True):
        del content[offset : offset + size]
    before = StructureChecksum(numbers, 5_120_000, extents)
    assert before.value == zlib.crc32(content)


def test_change_costs_only_the_blocks_that_it_touches(numbers, monkeypatch):
    extents = [(1000, 3_000_000), (4_000_000, 10)]
    before = StructureChecksum(numbers, 5_120_000, extents)
    numbers.seek(4_500_000)
    numbers.write(b"changed")
    read = []
    read_at = checksums.read_at

    def note(file, offset, count):
        read.append(offset // BLOCK)
        return read_at(file, offset, count)

    monkeypatch.setattr(checksums, "read_at", note)
    more = [(500, 5), *extents]
    after = StructureChecksum(
        numbers, 5_120_000, more, before=before, changed=[4_500_000 // BLOCK]
    )
    assert set(read) == {0, 4_500_000 // BLOCK}
    assert after.value == StructureChecksum(numbers, 5_120_000, more).value


def test_extents_that_cannot_be_are_refused(numbers):
    with pytest.raises(ValueError, match="extents at 0 and 9 overlap"):
        StructureChecksum(numbers, 5_120_000, [(9, 9), (0, 10)])
    with pytest.raises(ValueError, match="ends at 5120001, outside of the file"):
        StructureChecksum(numbers, 5_120_000, [(5_119_991, 10)])
    with pytest.raises(EOFError):
        StructureChecksum(numbers, 5_120_001, [])


def test_extents_come_back():
    extents = [(1, 2), (1 << 40, 1 << 41)]
    assert unpack_extents(pack_extents(extents)) == extents
    assert unpack_extents(pack_extents([])) == []
    assert merge_extents([(5, 5), (0, 5), (20, 1)]) == [(0, 10), (20, 1)]
