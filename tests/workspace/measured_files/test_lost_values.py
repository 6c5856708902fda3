"""Values that a reader could lose without a word are read, or the file is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("t,U\n1,OL\n2,3\n3,4\n4,5\n", 2),
        ("t,U\n1,2\n2,OL\n3,4\n4,5\n5,6\n", 3),
        ("t;U\n1;2,5\n2;3,5\n3;4,5\n4;OL\n", 5),
        ("t,U\n1,2\n2,3\n3,4\n4,1.2e\n", 5),
    ],
)
def test_a_line_at_an_end_of_the_table_is_not_lost(
    content: str, line: int, read_text: Callable[..., Any]
) -> None:
    with pytest.raises(dlw.UnreadableFileError, match=f"line {line} holds .* repair"):
        read_text(content)


def test_lines_above_may_be_left_out(read_text: Callable[..., Any]) -> None:
    (signal,) = read_text("t,U\n1,OL\n2,3\n3,4\n4,5\n", skiprows=2)
    assert signal.y.tolist() == [3, 4, 5]


@pytest.mark.parametrize("content", ["1,2\n", "t,U\n1,2\n", "t;U\n1;2\n"])
def test_a_table_of_one_line(content: str, read_text: Callable[..., Any]) -> None:
    (signal,) = read_text(content)
    assert signal.xydata.tolist() == [[1], [2]]


@pytest.mark.parametrize("year", [1500, 1960, 2300, 3000])
def test_dates_of_any_year(year: int, read_text: Callable[..., Any]) -> None:
    rows = "".join(f"{year}-01-0{day}T00:00:00,{day}\n" for day in (1, 2, 3))
    (signal,) = read_text(f"time,U\n{rows}")
    first = np.datetime64(f"{year}-01-01", "s").astype(int)
    assert signal.x.tolist() == [first, first + 86400, first + 2 * 86400]
    assert signal.is_x_datetime()


def test_a_log_over_the_change_of_the_clock(read_text: Callable[..., Any]) -> None:
    (signal,) = read_text(
        "time,U\n2026-03-29T01:30:00+01:00,1\n2026-03-29T03:30:00+02:00,2\n"
    )
    assert np.diff(signal.x).tolist() == [3600]


def test_dates_with_parts_of_a_microsecond(read_text: Callable[..., Any]) -> None:
    rows = "".join(f"2026-01-01T00:00:00.{n}123456789,{n}\n" for n in range(1, 9))
    (signal,) = read_text(f"time,U\n{rows}")
    np.testing.assert_allclose(np.diff(signal.x), 0.1, atol=1e-6)


def test_dates_that_seconds_cannot_tell_apart(read_text: Callable[..., Any]) -> None:
    rows = "".join(f"2026-01-01T00:00:00.{n:09d},{n}\n" for n in range(9))
    with pytest.raises(dlw.UnreadableFileError, match="less than a microsecond"):
        read_text(f"time,U\n{rows}")


@pytest.mark.parametrize(
    "data",
    [
        np.full((3, 3), 2**63 - 1),
        np.full((3, 3), 2**64 - 1, np.uint64),
        np.full((3, 3), 2**32 - 1, np.uint32),
    ],
    ids=lambda data: str(data.dtype),
)
def test_arrays_of_integers_are_not_rounded(
    data: np.ndarray, folder: Path, workspace: dlw.Workspace
) -> None:
    np.save("a.npy", data)
    (name,) = workspace.read("a.npy")
    found = workspace.get(name).data
    assert found.dtype == data.dtype
    np.testing.assert_array_equal(found, data)


@pytest.mark.parametrize("suffix", ["csv", "txt"])
def test_the_border_of_an_image_is_kept(
    suffix: str, folder: Path, workspace: dlw.Workspace
) -> None:
    data = np.full((12, 14), np.nan)
    data[2:5, 3:9] = data[7:10, 3:9] = 1.5
    workspace.add("a", data)
    path = workspace.export("a", f"a.{suffix}")
    (name,) = workspace.read(path, kind="image")
    np.testing.assert_array_equal(workspace.get(name).data, data)


def test_an_animation_is_not_read_as_colors(
    folder: Path, workspace: dlw.Workspace
) -> None:
    from PIL import Image

    frames = [Image.fromarray(np.full((20, 30), n, np.uint8)) for n in range(3)]
    frames[0].save("film.png", save_all=True, append_images=frames[1:])
    with pytest.raises(
        dlw.UnreadableFileError, match=r"film\.png'.* 3 frames; convert"
    ):
        workspace.read("film.png")
    assert len(workspace) == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_named_pipe_does_not_block(folder: Path, workspace: dlw.Workspace) -> None:
    os.mkfifo("pipe.csv")
    with pytest.raises(OSError, match="named pipe"):
        workspace.read("pipe.csv")
    Path("run.csv").write_text("1,2\n2,3\n")
    with pytest.warns(UserWarning, match=r"pipe\.csv"):
        assert workspace.read(".", errors="skip") == ["run.csv"]
