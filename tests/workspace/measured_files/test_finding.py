"""The files that paths stand for, in order, each one once, in little memory."""

from __future__ import annotations

import glob
import os
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalab_workspace.measured_files import formats, paths
from datalab_workspace.measured_files.file_list import FileList
from datalab_workspace.model.repeated_strings import repeated

_LETTERS = st.text(st.sampled_from("aAzß09١_.- é"), max_size=6)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(folder: Path, *given: str) -> list[str]:
    files = paths.search([folder / path for path in given]).files
    return [file.path.relative_to(folder).as_posix() for file in files]


def numbers_first(text: str) -> list[tuple[int, int, str]]:
    """The order in words: numbers by value and before letters, letters without case."""
    parts = paths._DIGITS.split(text)
    numbers = [*paths._DIGITS.findall(text), ""]
    key = []
    for part, number in zip(parts, numbers, strict=True):
        if part:
            key.append((1, 0, part.casefold()))
        if number:
            key.append((0, int(number), ""))
    return key


@given(st.lists(_LETTERS))
def test_the_key_of_the_natural_order(names: list[str]) -> None:
    assert sorted(names, key=paths.natural) == sorted(names, key=numbers_first)


@pytest.mark.parametrize(
    "pattern",
    ["*.csv", "**/*.csv", "**", "b*/*.csv", "*/a1.csv", "[ab]?.csv", ".*", "**/**/a1*"],
)
def test_a_pattern_stands_for_what_glob_finds(tmp_path: Path, pattern: str) -> None:
    touch(tmp_path, "a1.csv", "a10.csv", "a2.csv", ".b.csv", "a1.txt", "b1/a1.csv")
    touch(tmp_path, "b1/c/a1.csv", "b1/.d/a1.csv", "b1/c.csv/a1.csv", "B2/a1.csv")
    wanted = [
        name
        for name in glob.glob(pattern, root_dir=tmp_path, recursive=True)  # noqa: PTH207 - compared
        if (tmp_path / name).is_file()
    ]
    again = sorted(sorted(set(wanted)), key=paths.natural)
    assert found(tmp_path, pattern) == again


def test_names_with_the_same_numbers_are_always_in_the_same_order(
    tmp_path: Path,
) -> None:
    names = ["run1.csv", "run01.csv", "Run1.csv", "run001.csv"]
    for _ in range(5):
        random.shuffle(names)
        folder = tmp_path / "".join(random.choices("abcdef", k=12))
        touch(folder, *names)
        assert found(folder, "*") == sorted(names)
        assert found(folder, ".") == sorted(names)


def test_a_file_is_found_once(tmp_path: Path) -> None:
    touch(tmp_path, "a.csv", "b.csv")
    given = ("b.csv", "*.csv", ".", "b.csv")
    assert found(tmp_path, *given) == ["b.csv", "a.csv"]


def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"a\xff.csv")
    try:
        touch(tmp_path, name)
    except OSError:
        pytest.skip("this file system only has names that are text")
    assert [file.path.name for file in paths.search(tmp_path).files] == [name]


def test_many_files_need_little_memory() -> None:
    files = FileList()
    folder = Path("/data/monday")
    tracemalloc.start()
    for number in range(10_000):
        files.append(f"scan_{number:07d}.csv", "/data/monday", folder, named=True)
    assert files.without_repeated() is files
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 40 * len(files)
    assert files[9_999].path == folder / "scan_0009999.csv"
    assert [file.path.name for file in files[3:5]] == [
        "scan_0000003.csv",
        "scan_0000004.csv",
    ]


@given(st.lists(st.sampled_from("abcdefgh")))
def test_repeated_strings(strings: list[str]) -> None:
    positions = repeated(len(strings), strings.__getitem__)
    assert positions == [i for i, s in enumerate(strings) if strings.count(s) > 1]


def test_the_suffixes_that_sigima_reads_are_known_without_it() -> None:
    from sigima.io.image.base import ImageIORegistry
    from sigima.io.signal.base import SignalIORegistry

    read = {
        f".{pattern.rpartition('*.')[2]}"
        for registry in (SignalIORegistry, ImageIORegistry)
        for one in registry.get_formats()
        if one.info.readable
        for pattern in one.info.extensions.split()
    }
    assert read <= formats.SIGIMAS
    assert ".h5" not in formats.SIGIMAS


def test_a_folder_is_listed_without_sigima(tmp_path: Path) -> None:
    touch(tmp_path, "a.csv", "notes.md", "b.tif")
    program = (
        "import sys\n"
        "from datalab_workspace.measured_files import paths, selection\n"
        "from datalab_workspace.measured_files.options import read_options\n"
        f"files = paths.search({str(tmp_path)!r}).files\n"
        "chosen = selection.select(files, read_options(None, None, {})).files\n"
        "print([f.path.name for f in chosen], 'sigima' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['a.csv', 'b.tif'] False"
