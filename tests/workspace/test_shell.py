"""The command line: list, show, copy and check files."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.cli import pictures
from datalab_workspace.cli.commands import main
from datalab_workspace.cli.pictures import Style, best_style, picture
from datalab_workspace.formats.h5.verify import verify

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def workspace():
    ws = dlw.Workspace(backend=MemoryBackend())
    ws.add("peak", np.exp(-(np.linspace(-3, 3, 200) ** 2)), group="scans")
    ws.edit("peak", xlabel="Time", xunit="s", metadata={"lamp": ("D2", 3)})
    ws.add("dark", np.arange(12, dtype=np.uint16).reshape(3, 4))
    ws.add("flat", np.ones((2, 2)))
    return ws


@pytest.fixture
def path(workspace, tmp_path):
    workspace.save(tmp_path / "project.h5")
    return tmp_path / "project.h5"


@pytest.fixture
def shell_output(capsys):
    """Run a command that is to succeed, and return what it prints."""

    def run(*arguments, code=0):
        assert main([str(argument) for argument in arguments]) == code
        printed = capsys.readouterr()
        assert printed.err == ""
        return printed.out

    return run


@pytest.fixture
def refused(capsys):
    """Run a command that is to fail, and return the reason."""

    def run(*arguments):
        assert main([str(argument) for argument in arguments]) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        return printed.err

    return run


# -- ls and show ----------------------------------------------------------------------


def test_ls_prints_a_line_for_each_object(shell_output, path):
    heading, *lines = shell_output("ls", path).splitlines()
    assert heading.split()[:5] == ["id", "name", "kind", "size", "dtype"]
    assert [line.split()[:3] for line in lines] == [
        ["s001", "peak", "signal"],
        ["i001", "dark", "image"],
        ["i002", "flat", "image"],
    ]
    assert "3 × 4" in lines[1]
    assert "uint16" in lines[1]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--kind", "image"], ["dark", "flat"]),
        (["--group", "scans"], ["peak"]),
        (["--pattern", "*a*"], ["peak", "dark", "flat"]),
        (["--pattern", "d*"], ["dark"]),
    ],
)
def test_ls_prints_only_what_is_asked_for(shell_output, path, options, names):
    found = json.loads(shell_output("ls", path, "--json", *options))
    assert [item["name"] for item in found] == names


def test_an_empty_project_has_no_objects(shell_output, tmp_path):
    dlw.Workspace(backend=MemoryBackend()).save(tmp_path / "empty.h5")
    assert shell_output("ls", tmp_path / "empty.h5") == "no objects\n"


def test_json_is_the_description(shell_output, workspace, path):
    for item in json.loads(shell_output("ls", path, "--json")):
        described = workspace.describe(item["name"])
        assert item["uuid"] == described.uuid
        assert tuple(item["shape"]) == described.shape
        assert item["dtype"] == str(described.dtype)


def test_show_prints_all_about_an_object(shell_output, path):
    text = shell_output("show", path, "peak", "--picture", "shades")
    for part in ("s001", "scans", "Time (s)", "min 0.0001", "lamp", "('D2', 3)"):
        assert part in text
    assert "⣀" in text
    found = json.loads(shell_output("show", path, "peak", "i001", "--json"))
    assert [item["name"] for item in found] == ["peak", "dark"]
    assert found[0]["metadata"] == {"lamp": ["D2", 3]}
    assert found[1]["values"] == {"min": 0, "max": 11, "mean": 5.5}


def test_show_names_results_by_their_titles(shell_output, workspace, tmp_path):
    table = {"title": "Peak positions", "names": [], "data": []}
    entries = {"Table_extract_peak_positions_dict": table, "Table_other_dict": 3}
    workspace.edit("peak", metadata=entries)
    path = str(workspace.save(tmp_path / "analysed.h5"))

    text = shell_output("show", path, "peak", "--picture", "none")
    (line,) = [line for line in text.splitlines() if "results" in line]
    assert line.split(None, 1)[1] == "Peak positions, other"


def test_show_prints_all_objects_by_default(shell_output, path):
    text = shell_output("show", path)
    assert [line for line in text.splitlines() if not line.startswith((" ", "\n"))] == [
        "peak",
        "",
        "dark",
        "",
        "flat",
    ]


@pytest.mark.filterwarnings("ignore::datalab_workspace.errors.DamagedFileWarning")
def test_nothing_of_a_file_controls_the_terminal(shell_output, tmp_path):
    """A file may come from anywhere, and hold titles such as no workspace takes."""
    ws = dlw.Workspace(backend=MemoryBackend())
    ws.add("name", np.arange(3.0))
    ws.edit("name", xlabel="\x1b[2J", metadata={"\x1b]0;x\x07": "\x9b31m"})
    ws.save(tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5", "a") as file:
        file["DataLab_Sig/gs001: /s001: name"].attrs["title"] = "\x1b[31mred"
    for command, code in (("ls", 0), ("show", 0), ("check", 1)):  # it was changed
        text = shell_output(command, tmp_path / "x.h5", code=code)
        assert all(char.isprintable() or char == "\n" for char in text)


# -- pictures -------------------------------------------------------------------------


def test_a_single_sample_is_seen():
    y = np.zeros(100_000)
    y[70_000] = 1
    lines = picture(np.stack([np.arange(y.size), y]), "signal", Style.SHADES)
    assert len(lines) == pictures.ROWS
    (column,) = {i for i, char in enumerate(lines[0]) if char != "⠀"}
    assert column == 70_000 * pictures.COLUMNS // y.size


def test_an_image_is_drawn_as_it_lies():
    data = np.zeros((8, 8))
    data[0, -1] = 1  # upper right
    lines = picture(data, "image", Style.SHADES)
    assert lines[0].strip(" ") == "█" * len(lines[0].strip(" "))
    assert lines[0].endswith("█")
    assert lines[-1].strip(" ") == ""
    colours = picture(data, "image", Style.TRUECOLOR)
    assert colours[0].count("38;2;255;255;255") == lines[0].count("█")
    assert all(line.endswith("\x1b[0m") for line in colours)


arrays = st.sampled_from(
    [np.nan, np.inf, -np.inf, 0.0, 1.0, -1e308, 1e308, 5e-324]
).flatmap(lambda value: st.lists(st.sampled_from([value, 0.0, 1.0]), max_size=40))


@given(values=arrays, columns=st.integers(1, 7), style=st.sampled_from(list(Style)))
def test_anything_can_be_drawn(values, columns, style):
    y = np.array(values)
    assert isinstance(picture(np.stack([y, y]), "signal", style), list)
    image = np.resize(y, (len(values) // columns, columns))
    for data in (image, image.astype(complex), np.ma.masked_invalid(image)):
        lines = picture(data, "image", style)
        assert len(lines) <= pictures.ROWS


@pytest.mark.parametrize(
    ("variables", "encoding", "style"),
    [
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "utf-8", Style.TRUECOLOR),
        ({"TERM": "xterm-256color"}, "utf-8", Style.COLOR256),
        ({"TERM": "xterm"}, "utf-8", Style.SHADES),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "utf-8", Style.SHADES),
        ({"TERM": "dumb"}, "utf-8", None),
        ({"TERM": "xterm-256color"}, "ascii", None),
    ],
)
def test_a_terminal_is_shown_what_it_can_show(monkeypatch, variables, encoding, style):
    for name in ("TERM", "COLORTERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    terminal = io.TextIOWrapper(io.BytesIO(), encoding)
    assert best_style(terminal) is None
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    assert best_style(terminal) is style


# -- copy -----------------------------------------------------------------------------


def test_copy_makes_a_file(shell_output, workspace, path, tmp_path):
    assert shell_output("copy", path, tmp_path / "new.h5").startswith(
        "3 objects copied"
    )
    copied = dlw.open(tmp_path / "new.h5")
    assert copied.list() == workspace.list()
    assert copied.describe("peak").group == "scans"
    for name in workspace:
        np.testing.assert_array_equal(
            copied.record(name).array(*_primary(copied, name)),
            workspace.record(name).array(*_primary(workspace, name)),
        )


def _primary(workspace, name):
    return ["xydata" if workspace.describe(name).kind == "signal" else "data"]


def test_copy_adds_to_a_file(shell_output, path, tmp_path):
    shell_output("copy", path, tmp_path / "new.h5", "flat")
    shell_output("copy", path, tmp_path / "new.h5", "peak", "flat")
    found = json.loads(
        shell_output("copy", path, tmp_path / "new.h5", "dark", "--json")
    )
    assert found == {"copied": ["dark"], "to": str(tmp_path / "new.h5")}
    assert dlw.open(tmp_path / "new.h5").list() == ["peak", "flat", "dark"]


def test_a_conflict_copies_nothing(refused, shell_output, path, tmp_path):
    other = dlw.Workspace(backend=MemoryBackend())
    other.add("dark", np.zeros((5, 5)))
    other.save(tmp_path / "other.h5")
    before = (tmp_path / "other.h5").read_bytes()
    assert "'dark'" in refused("copy", path, tmp_path / "other.h5")
    assert (tmp_path / "other.h5").read_bytes() == before
    shell_output("copy", path, tmp_path / "other.h5", "--on-conflict", "rename")
    names = dlw.open(tmp_path / "other.h5").list()
    assert names == ["peak", "dark", "dark (2)", "flat"]


def test_macros_and_history_are_copied_along(shell_output, tmp_path):
    source = DATA / "datalab" / "history.h5"
    shell_output("copy", source, tmp_path / "new.h5")
    with h5py.File(source) as old, h5py.File(tmp_path / "new.h5") as new:
        assert [*old["DataLab_His"]] == [*new["DataLab_His"]]


@pytest.mark.parametrize("target", ["project.h5", "./project.h5", "link.h5"])
def test_nothing_is_copied_onto_itself(refused, path, target, monkeypatch):
    monkeypatch.chdir(path.parent)
    os.link(path, "link.h5")
    assert "are the same" in refused("copy", "project.h5", target)


def test_what_is_not_there_is_named(refused, path, tmp_path):
    assert "'peek'" in refused("show", path, "peek")
    assert "did you mean 'peak'" in refused("show", path, "peek")
    assert "'peek'" in refused("copy", path, tmp_path / "new.h5", "peek")
    assert not (tmp_path / "new.h5").exists()
    assert "nix.h5" in refused("ls", tmp_path / "nix.h5")
    (tmp_path / "text.h5").write_text("no project")
    assert "not a DataLab project" in refused("ls", tmp_path / "text.h5")


# -- check ----------------------------------------------------------------------------


def test_check_compares_every_checksum(shell_output, path):
    assert shell_output("check", path).splitlines() == [
        str(path),
        "3 objects",
        "compared with checksums: 3 arrays, and everything else in the file",
        "DataLab can open the file",
    ]


@pytest.mark.parametrize("file", sorted((DATA / "datalab").glob("*.h5")), ids=str)
def test_datalab_opens_its_own_files(shell_output, file):
    report = json.loads(shell_output("check", file, "--json"))
    assert report["problems"] == []
    assert report["opens_in_datalab"]


def test_a_flipped_bit_of_the_data_is_found(shell_output, path):
    with h5py.File(path) as file:
        offset = file["DataLab_Ima/gi001: /i001: dark/data"].id.get_offset()
    stamp = path.stat()
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
    report = json.loads(shell_output("check", path, "--json", code=1))
    (problem,) = report["problems"]
    assert "'dark'" in problem
    assert "its checksum is wrong" in problem


@settings(max_examples=60, database=None, derandomize=True)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_what_is_found_good_reads_as_it_was(tmp_path_factory, where, bit):
    path = tmp_path_factory.getbasetemp() / "flipped.h5"
    ws = dlw.Workspace(backend=MemoryBackend())
    ws.add("a", np.arange(40.0))
    ws.edit("a", xlabel="Time", metadata={"when": (1, 2)})
    path.unlink(missing_ok=True)  # no longer a project, perhaps
    ws.save(path)
    stamp, content = path.stat(), bytearray(path.read_bytes())
    content[int(where * len(content))] ^= 1 << bit
    path.write_bytes(content)
    os.utime(path, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
    try:
        verdict = verify(path)
    except dlw.NotAProjectError:
        return
    if verdict.problems or verdict.obstacles:
        return
    found = dlw.open(path).record("a")
    assert found.fields == ws.record("a").fields
    assert found.metadata == ws.record("a").metadata
    np.testing.assert_array_equal(found.array("xydata"), ws.record("a").data)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda file: file.__delitem__("DataLab_Ima/gi001: /i002: flat/data"), "data"),
        (
            lambda file: file["DataLab_Ima/gi001: /i002: flat/metadata"].attrs.update(
                __uuid=file["DataLab_Ima/gi001: /i001: dark/metadata"].attrs["__uuid"]
            ),
            "UUID",
        ),
        (lambda file: file["DataLab_Ima/gi001: "].attrs.pop("title"), "no title"),
    ],
)
def test_what_datalab_would_not_open_is_reported(shell_output, path, change, said):
    with h5py.File(path, "a") as file:
        change(file)
    text = shell_output("check", path, code=1)
    assert "DataLab cannot open all of the file" in text
    assert said in text


def test_a_file_of_the_earlier_version_is_to_be_copied(shell_output, tmp_path):
    source = DATA / "legacy" / "standalone-0.2.11.h5"
    assert "datalab-kernel 0.2" in shell_output("check", source, code=1)
    shell_output("copy", source, tmp_path / "new.h5")
    assert "DataLab can open the file" in shell_output("check", tmp_path / "new.h5")


def test_what_is_no_project_is_refused(refused, tmp_path):
    (tmp_path / "x.h5").write_text("no project")
    assert "not a DataLab project" in refused("check", tmp_path / "x.h5")
    assert "nix.h5" in refused("check", tmp_path / "nix.h5")


# -- the program ----------------------------------------------------------------------


def test_arguments_that_make_no_sense_are_explained(capsys):
    assert main([]) == 2
    assert "COMMAND" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["ls"])
    assert stopped.value.code == 2
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert dlw.__version__ in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_error(path):
    program = subprocess.Popen(
        [sys.executable, "-m", "datalab_workspace", "show", path, "--picture", "256"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    program.stdout.close()
    assert program.stderr.read() == b""
    program.stderr.close()
    assert program.wait() == 141


def test_a_terminal_that_shows_ascii_gets_all_the_same(path):
    finished = subprocess.run(
        [sys.executable, "-m", "datalab_workspace", "ls", path],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert b"3 \\xd7 4" in finished.stdout
    assert finished.stderr == b""


# -- replay ---------------------------------------------------------------------------


@pytest.fixture
def computed(workspace, tmp_path):
    """Return a project with computed objects, one of which is different now."""
    name = workspace.calc("normalize", on="peak")
    workspace.rename(name, "scaled")
    workspace.save(tmp_path / "computed.h5")
    return tmp_path / "computed.h5"


def test_replay_makes_all_computed_objects_again(shell_output, computed):
    assert "scaled: identical (2 steps, " in shell_output("replay", computed)
    (one,) = json.loads(shell_output("replay", computed, "--json"))
    assert (one["name"], one["verdict"], one["steps"]) == ("scaled", "identical", 2)
    assert one["inputs"] == ["peak"]
    assert "sigima" in one["versions"]


def test_replay_has_an_exit_code_for_each_verdict(
    shell_output, workspace, computed, tmp_path
):
    assert "not replayable" in shell_output("replay", computed, "peak", code=2)
    obj = workspace.get("scaled")
    record = workspace.record("scaled").copy()
    record.array("xydata")[1, 3] += 1
    record.history = workspace._session.backend.record(
        workspace.describe("scaled").uuid
    ).history
    with workspace._session.transaction() as transaction:
        transaction.replace(record)
    workspace.save(tmp_path / "other.h5")
    assert not np.array_equal(workspace.get("scaled").y, obj.y)
    assert "DIFFERENT, by up to 1" in shell_output(
        "replay", tmp_path / "other.h5", code=1
    )


def test_replay_of_a_project_without_computed_objects(shell_output, path):
    assert shell_output("replay", path) == "no object was computed from others\n"


def test_replay_fails_with_another_code_than_a_difference(tmp_path, capsys):
    assert main(["replay", str(tmp_path / "missing.h5")]) == 2
    assert "missing.h5" in capsys.readouterr().err
