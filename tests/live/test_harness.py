"""What the other tests of this folder rely on: that DataLab's window tells the truth.

Everything here is about DataLab alone. A harness that could not fail would prove
nothing, so that what DataLab refuses, and how that shows, is tested first.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from support.real_datalab.process import Program, ProgramError

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

BOTH = pytest.mark.parametrize("eye", ["window", "reader"])


@pytest.fixture
def look(eye: str, request: pytest.FixtureRequest) -> Callable:
    """Open a file in the window, or read it with the reader alone."""
    if eye == "window":
        return request.getfixturevalue("datalab_window").open
    return request.getfixturevalue("native_read")


@pytest.fixture
def changed(datalab_files: Path, tmp_path: Path) -> Callable[..., Path]:
    """A copy of full.h5, changed by a function of the open file."""

    def change(by: Callable[[h5py.File], object]) -> Path:
        path = tmp_path / "changed.h5"
        shutil.copy(datalab_files / "full.h5", path)
        with h5py.File(path, "r+") as file:
            by(file)
        return path

    return change


@BOTH
def test_a_project_is_seen_whole(look: Callable, datalab_files: Path) -> None:
    project = look(datalab_files / "full.h5")

    assert project.summary() == [
        ("signal", "", ["Sig α/β: 1", "complex", "normalize(s001)|ref=maximum"]),
        ("signal", "Second group/é", ["f32"]),
        ("image", "", ["Img", "NonUni"]),
    ]
    ids = [item.short_id for item in project.items()]
    assert ids == ["s001", "s002", "s003", "s004", "i001", "i002"]
    signal = project["Sig α/β: 1"]
    assert signal.uuid == "f74bae94-56b3-4606-81a2-278b33e68c81"
    assert (signal.fields["xlabel"], signal.fields["yunit"]) == ("Time", "V")
    assert signal.data.shape == (4, 50)
    assert signal.data.dtype == np.float64
    assert signal.metadata["s"] == "héé"
    assert type(signal.metadata["i"]) is np.int64
    assert [roi["type"] for roi in signal.roi["single_rois"]] == ["SegmentROI"] * 2
    (table,) = signal.results
    assert (table["key"], table["func_name"]) == ("Table_stats_dict", "stats")
    assert len(table["rows"]) == 3
    assert project["complex"].data.dtype == np.complex128
    assert project["f32"].data.dtype == np.float32
    image = project["Img"]
    assert image.data.dtype == np.uint8
    assert (image.fields["zscalemin"], image.fields["zscalemax"]) == (10, 200)
    uneven = project["NonUni"].fields
    assert not uneven["is_uniform_coords"]
    assert (uneven["xcoords"].shape, uneven["ycoords"].shape) == ((6,), (4,))
    assert [macro.title for macro in project.macros] == ["macro_01"]
    assert "import numpy as np" in project.macros[0].contents


@BOTH
def test_macros_and_history_are_seen(look: Callable, datalab_files: Path) -> None:
    project = look(datalab_files / "history.h5")

    assert project.complaints == []
    assert project.summary()[-1] == ("image", "Second group/é", [])
    assert [macro.title for macro in project.macros] == ["macro 1/é", "second"]
    first, second = project.history
    assert [action["title"] for action in first["actions"]] == [
        "Moving average",
        "Normalize",
        "Statistics",
        "Rename selected object or group",
    ]
    assert second["actions"][0]["descriptors"]["func_name"] == "inverse"
    assert second["actions"][0]["output_uuids"] == [
        item.uuid for item in project.items("image") if item.short_id == "i002"
    ]


@BOTH
def test_the_project_before_leaves_no_trace(
    look: Callable, datalab_files: Path
) -> None:
    look(datalab_files / "history.h5")

    project = look(datalab_files / "empty.h5")

    assert (project.groups, project.macros, project.history) == ([], [], [])
    assert project.complaints == []


def test_what_datalab_saves_it_opens_again(
    datalab_window, native_read: Callable, datalab_files: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "saved.h5"

    before = datalab_window.open(datalab_files / "history.h5", save_to=saved)
    after = native_read(saved)

    assert before.complaints == []
    assert after.complaints == []
    assert after.summary() == before.summary()
    assert after.macros == before.macros
    assert after.history == before.history
    for old, new in zip(before.items(), after.items(), strict=True):
        assert (new.uuid, new.short_id) == (old.uuid, old.short_id)
        np.testing.assert_array_equal(new.data, old.data)


@BOTH
@pytest.mark.parametrize(
    ("dtype", "refused"),
    [("i4", False), ("i8", True), ("u4", True), ("?", True), (">u2", True)],
)
def test_an_image_that_datalab_refuses_is_told(
    look: Callable, changed: Callable, dtype: str, refused: bool
) -> None:
    def convert(file: h5py.File) -> None:
        image = file["DataLab_Ima/gi001: /i001: Img"]
        data = image["data"][:].astype(dtype)
        del image["data"]
        image["data"] = data

    project = look(changed(convert))

    complaints = [
        text for text in project.complaints if "Unsupported data type" in text
    ]
    assert bool(complaints) == refused


def test_a_refused_object_opens_a_box_and_is_missing(
    datalab_window, changed: Callable
) -> None:
    def duplicate(file: h5py.File) -> None:
        images = file["DataLab_Ima/gi001: "]
        uuid = images["i001: Img/metadata"].attrs["__uuid"]
        images["i002: NonUni/metadata"].attrs["__uuid"] = uuid

    project = datalab_window.open(changed(duplicate))

    assert project.titles("image") == ["Img"]
    assert any(text.startswith("box: QMessageBox") for text in project.complaints)


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.pop("DataLab_Version"),
        lambda file: file["DataLab_Sig/gs001: "].attrs.pop("title"),
        lambda file: file["DataLab_Sig/gs001: "].create_dataset("stray", data=[1]),
    ],
    ids=["no version", "no group title", "stray dataset"],
)
@BOTH
def test_a_file_that_is_no_project_is_told(
    look: Callable, changed: Callable, damage: Callable
) -> None:
    assert look(changed(damage)).complaints


@BOTH
@pytest.mark.parametrize("size", [0, 100, 50_000])
def test_a_truncated_file_is_told(
    look: Callable, datalab_files: Path, tmp_path: Path, size: int
) -> None:
    path = tmp_path / "truncated.h5"
    path.write_bytes((datalab_files / "full.h5").read_bytes()[:size])

    assert look(path).complaints


def test_a_program_that_does_not_answer_is_killed_and_started_anew(
    python_of_datalab: Path, datalab_files: Path, tmp_path: Path
) -> None:
    program = Program(python_of_datalab, "support.real_datalab.reader", tmp_path)
    path = str(datalab_files / "full.h5")
    try:
        with pytest.raises(ProgramError, match="no answer within 0 s"):
            program.look("read", path=path, within=0)
        assert program.look("read", path=path).titles("image") == ["Img", "NonUni"]
        with pytest.raises(ProgramError, match="unexpected keyword argument"):
            program.look("read", path=path, misspelt=True)
    finally:
        program.close()


def test_a_program_that_dies_is_told(tmp_path: Path, python_of_datalab: Path) -> None:
    program = Program(python_of_datalab, "support.real_datalab.missing", tmp_path)

    with pytest.raises(ProgramError, match="No module named"):
        program.look("read", path="")


def test_what_datalab_cannot_draw_is_told_apart(
    datalab_window, datalab_files: Path
) -> None:
    """DataLab opens and saves it all the same."""
    project = datalab_window.open(datalab_files / "full.h5")

    assert project.complaints == []
    assert project.undrawn.keys() == {"Sig α/β: 1", "normalize(s001)|ref=maximum"}
    for why in project.undrawn.values():  # regions of a signal that has error bars
        assert "too many values to unpack" in why
