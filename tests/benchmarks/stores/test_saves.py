"""Saves that cost what has changed, beside a plain copy of the file."""

from __future__ import annotations

import itertools
import shutil

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from support.measurement import compare, measure

SIDE = 8192  # 128 MiB of 16-bit pixels
MANY = 10_000
POINTS = 1000


@pytest.fixture(scope="module")
def large(memory):
    workspace = Workspace()
    pixels = np.random.default_rng(1).integers(0, 1 << 16, (SIDE, SIDE), "u2")
    workspace.add("image", pixels, copy=False)
    for number in range(10):
        workspace.add(f"signal {number}", np.arange(1000.0))
    return workspace.save(memory / "large.h5")


@pytest.fixture(scope="module")
def many(memory):
    workspace = Workspace()
    x = np.linspace(0, 1, POINTS)
    workspace.update({f"signal {n}": (x, np.sin(n * x)) for n in range(MANY)})
    return workspace.save(memory / "many.h5")


def loaded(path):
    workspace = Workspace()
    workspace.load(path)
    return workspace


def copy_of(path):
    """Copy a file as a save does: beside it first, then in place of another one."""
    temporary = path.with_suffix(".tmp")
    shutil.copyfile(path, temporary)
    temporary.replace(path.with_suffix(".copy"))


OPENERS = pytest.mark.parametrize(
    "opener", [loaded, open_project], ids=["read", "lazy"]
)


@OPENERS
def test_save_without_a_change_takes_a_moment(opener, many):
    workspace = opener(many)
    before = many.stat()
    assert measure(f"save {MANY} unchanged signals", workspace.save) < 0.02
    assert many.stat() == before


@OPENERS
def test_rename_in_a_large_project_costs_a_copy(opener, large):
    workspace = opener(large)
    names = itertools.cycle(["one", "two"])

    def rename_and_save():
        workspace.rename(workspace.list(kind="image")[0], next(names))
        workspace.save()

    compared = compare(
        "save 128 MiB after a rename, against a copy of the file",
        rename_and_save,
        lambda: copy_of(large),
    )
    assert compared.ratio <= 1.2


@OPENERS
def test_edit_of_one_of_many_costs_little_more_than_a_copy(opener, many):
    workspace = opener(many)
    numbers = itertools.count()

    def edit_and_save():
        number = next(numbers)
        workspace.edit(f"signal {number * 37 % MANY}", xlabel=f"label {number}")
        workspace.save()

    edit_and_save()  # a file that was opened lazily is verified at the first save
    compared = compare(
        f"save {MANY} signals after an edit, against a copy of the file",
        edit_and_save,
        lambda: copy_of(many),
    )
    assert compared.ratio <= 1.5
