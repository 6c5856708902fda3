"""A damaged file is never read as if it were whole, where it was and as a copy."""

from __future__ import annotations

import random

import pytest

from support.damage import Saved, is_found, outcome, small_projects

PROJECTS = small_projects()
FEW = pytest.param(7, id="few")
MANY = pytest.param(63, id="many", marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    return {
        name: Saved.of(save(folder / f"{name}.h5")) for name, save in PROJECTS.items()
    }


@pytest.mark.parametrize("name", PROJECTS)
@pytest.mark.parametrize("bits", [1, 8])
@pytest.mark.parametrize("copied", [False, True], ids=["in place", "copied"])
@pytest.mark.parametrize("files", [FEW, MANY])
def test_flipped_bits_are_never_silent(name, bits, copied, files, saved, tmp_path):
    path = tmp_path / "damaged.h5"
    chance = random.Random(f"{name} {bits} {copied}")
    for number in range(files):
        saved[name].flip(path, chance, bits, copied=copied)
        outcomes = [outcome(path, saved[name], lazy=lazy) for lazy in (False, True)]
        assert "silent" not in outcomes, f"file {number}: {outcomes}"
        assert outcomes == ["same", "same"] or is_found(path), f"file {number}"


@pytest.mark.parametrize("copied", [False, True], ids=["in place", "copied"])
@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
@pytest.mark.parametrize("name", PROJECTS)
def test_file_that_is_not_damaged_is_the_same(name, copied, lazy, saved, tmp_path):
    path = tmp_path / "good.h5"
    saved[name].write(path, saved[name].content, copied=copied)
    assert outcome(path, saved[name], lazy=lazy) == "same"


@pytest.mark.parametrize("name", PROJECTS)
@pytest.mark.parametrize("copied", [False, True], ids=["in place", "copied"])
@pytest.mark.parametrize("files", [FEW, MANY])
def test_truncated_files_are_refused(name, copied, files, saved, tmp_path):
    path = tmp_path / "truncated.h5"
    chance = random.Random(f"{name} {copied}")
    for _ in range(files):
        saved[name].truncate(path, chance, copied=copied)
        for lazy in (False, True):
            assert outcome(path, saved[name], lazy=lazy) == "refused"
        assert is_found(path)
