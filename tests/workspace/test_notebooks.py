"""The notebooks of a project: stored as DataLab-Web does, and kept by everything."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import Workspace
from datalab_workspace.cli.commands import main
from datalab_workspace.formats.h5.verify import verify
from datalab_workspace.live.transport import token as tokens
from datalab_workspace.live.transport.token import Token
from datalab_workspace.model import notebooks as model
from support.project_files import drop_manifest

TOKEN = "a-secret-of-datalab"


def notebook(source: str = "1 + 1", **changes: Any) -> dict[str, Any]:
    cell = {
        "cell_type": "code",
        "id": "first",
        "metadata": {},
        "source": [source],
        "execution_count": 1,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["2 µV\n"]}],
    }
    whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    return {**whole, **changes}


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace()
    workspace.add("ramp", np.arange(5.0))
    return workspace


@pytest.fixture
def path(workspace: Workspace) -> Path:
    Path("analysis.ipynb").write_text(json.dumps(notebook()), "utf-8")
    return workspace.save("project.h5", notebooks=["analysis.ipynb"])


def as_datalab_web_writes(path: Path, *notebooks: tuple[str, str]) -> None:
    """Add notebooks to a project: groups and attributes of DataLab-Web 0.9.0."""
    with h5py.File(path, "r+") as file:
        for number, (title, content) in enumerate(notebooks, 1):
            group = file.require_group(f"DataLab_Nb/n{number:03d}: {title}")
            group.attrs["title"] = title
            group.attrs["contents"] = content
    drop_manifest(path)


def test_the_file_holds_them_as_datalab_web_does(path: Path) -> None:
    with h5py.File(path) as file:
        (name,) = file["DataLab_Nb"]
        group = file["DataLab_Nb"][name]
        assert (name, len(group)) == ("n001: analysis", 0)
        assert set(group.attrs) == {"title", "contents"}
        assert group.attrs["title"] == "analysis"
        content = group.attrs["contents"]
    assert json.loads(content) == notebook()
    assert content == json.dumps(notebook(), indent=1, ensure_ascii=False) + "\n"
    assert not verify(path).problems


@pytest.mark.parametrize(
    ("title", "name"),
    [("a/b", "n001: a_b"), ("µ?", "n001"), ("x: ", "n001: x"), ("n" * 300, "n" * 300)],
)
def test_the_names_of_groups_are_those_of_datalab_web(
    workspace: Workspace, title: str, name: str
) -> None:
    workspace.notebooks.add(notebook(), title)
    with h5py.File(workspace.save("project.h5")) as file:
        assert [found.removeprefix("n001: nnn") for found in file["DataLab_Nb"]] == [
            name.removeprefix("nnn")
        ]
    assert list(dlw.open("project.h5").notebooks) == [title]


def test_those_of_datalab_web_are_read(workspace: Workspace) -> None:
    path = workspace.save("project.h5")
    text = json.dumps(notebook("2 + 2"))
    as_datalab_web_writes(path, ("one", text), ("two", text))
    opened = dlw.open(path)
    assert list(opened.notebooks) == ["one", "two"]
    assert opened.notebooks["two"] == notebook("2 + 2")


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("suffix", [".h5", ".npz"])
def test_they_come_back(path: Path, lazy: bool, suffix: str) -> None:
    loaded = Workspace()
    loaded.load(path, lazy=lazy)
    assert not loaded.modified
    again = dlw.open(loaded.save(f"again{suffix}"))
    assert dict(again.notebooks) == {"analysis": notebook()}


def test_a_save_of_a_change_keeps_them(path: Path) -> None:
    opened = dlw.open(path)
    opened.edit("ramp", ylabel="Voltage")
    opened.save()
    opened.add("more", np.arange(3.0))
    opened.save(compression="gzip")
    assert dict(dlw.open(path).notebooks) == {"analysis": notebook()}
    assert not verify(path).problems


def test_a_content_that_is_no_notebook_is_kept_byte_for_byte(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    path = workspace.save("project.h5")
    as_datalab_web_writes(path, ("draft", "{not JSON"))
    opened = dlw.open(path)
    with pytest.raises(ValueError, match="'draft' of the project cannot be read: "):
        opened.notebooks["draft"]
    assert opened.notebooks.export("draft").read_text() == "{not JSON"
    opened.save("again.h5")
    with h5py.File("again.h5") as file:
        assert file["DataLab_Nb/n001: draft"].attrs["contents"] == "{not JSON"
    assert main(["ls", "again.h5"]) == 0
    assert "notebook  draft  cannot be read\n" in capsys.readouterr().out


def test_values_of_a_later_version_are_kept(workspace: Workspace) -> None:
    path = workspace.save("project.h5")
    as_datalab_web_writes(path, ("one", "{}"))
    with h5py.File(path, "r+") as file:
        file["DataLab_Nb/n001: one"].attrs["uid"] = "f00"
        file["DataLab_Nb/n001: one"].attrs["order"] = 3
    dlw.open(path).save("again.npz")
    dlw.open("again.npz").save("again.h5")
    with h5py.File("again.h5") as file:
        attributes = dict(file["DataLab_Nb/n001: one"].attrs)
    assert attributes == {"title": "one", "contents": "{}", "uid": "f00", "order": 3}


def test_a_section_of_another_layout_is_kept_as_it_is(workspace: Workspace) -> None:
    path = workspace.save("project.h5")
    with h5py.File(path, "r+") as file:
        file["DataLab_Nb/v2/deep"] = np.arange(3)
    drop_manifest(path)
    opened = dlw.open(path)
    assert list(opened.notebooks) == []
    new = notebook(metadata={"dlw": {"name": "new"}})
    with pytest.raises(ValueError, match="the notebooks 'new': the project"):
        opened.save("again.h5", notebooks=[new])  # it would not be found there
    opened.save("again.h5")
    with h5py.File("again.h5") as file:
        assert set(file["DataLab_Nb"]) == {"v2"}
        assert file["DataLab_Nb/v2/deep"][:].tolist() == [0, 1, 2]


def test_equal_names_of_two_projects(path: Path, workspace: Workspace) -> None:
    other = Workspace()
    other.save("other.h5", notebooks=notebook("3", metadata={"dlw": {"name": "b"}}))
    other.notebooks.add(notebook("4"), "analysis")
    other.load(path)
    assert list(other.notebooks) == ["b", "analysis", "analysis (2)"]
    assert other.notebooks["analysis (2)"] == notebook()
    assert other.modified
    other.load(path)  # equal ones are not added again
    assert len(other.notebooks) == 3
    with h5py.File(other.save("both.h5")) as file:
        titles = [group.attrs["title"] for group in file["DataLab_Nb"].values()]
    assert titles == ["b", "analysis", "analysis"]
    other.notebooks.remove("analysis")
    assert list(other.notebooks) == ["b", "analysis"]
    assert other.notebooks["analysis"] == notebook()


def test_a_second_save_replaces_the_one_of_the_same_name(
    path: Path, workspace: Workspace
) -> None:
    changed = notebook("5")
    Path("analysis.ipynb").write_text(json.dumps(changed), "utf-8")
    workspace.save()
    assert dict(dlw.open(path).notebooks) == {"analysis": notebook()}
    workspace.save(notebooks="analysis.ipynb")
    assert dict(dlw.open(path).notebooks) == {"analysis": changed}
    size = path.stat().st_mtime_ns
    workspace.save(notebooks="analysis.ipynb")  # nothing has changed
    assert path.stat().st_mtime_ns == size


def test_add_refuses_to_replace_another(workspace: Workspace) -> None:
    workspace.notebooks.add(notebook(), "a")
    assert workspace.modified
    assert workspace.notebooks.add(notebook(), "a") == "a"
    with pytest.raises(dlw.NameConflictError, match="pass overwrite=True"):
        workspace.notebooks.add(notebook("2"), "a")
    workspace.notebooks.add(notebook("2"), "a", overwrite=True)
    assert workspace.notebooks["a"] == notebook("2")


def test_a_part_of_the_objects_in_another_file(path: Path) -> None:
    opened = dlw.open(path)
    opened.save("part.h5", names="ramp")
    assert list(dlw.open("part.h5").notebooks) == []
    opened.save("part.npz", names="ramp", notebooks=notebook())
    assert list(dlw.open("part.npz").notebooks) == ["Untitled"]


def test_copies_are_independent(path: Path) -> None:
    opened = dlw.open(path)
    for other in (copy.copy(opened), pickle.loads(pickle.dumps(opened))):
        other.notebooks.remove("analysis")
        assert list(opened.notebooks) == ["analysis"]
    opened.clear()
    assert list(opened.notebooks) == []


def test_an_older_notebook_gets_what_version_4_5_requires(workspace: Workspace) -> None:
    old = notebook(nbformat_minor=2)
    del old["cells"][0]["id"]
    before = copy.deepcopy(old)
    workspace.notebooks.add(old, "old")
    assert old == before
    found = workspace.notebooks["old"]
    assert found["nbformat_minor"] == 5
    assert found["cells"][0]["id"] == "cell-1"


def test_the_name_that_datalab_web_notes_follows(workspace: Workspace) -> None:
    web = notebook(metadata={"dlw": {"name": "theirs", "more": 1}})
    assert workspace.notebooks.add(web) == "theirs"
    workspace.notebooks.add(web, "ours")
    metadata = workspace.notebooks["ours"]["metadata"]
    assert metadata == {"dlw": {"name": "ours", "more": 1}}


INVALID = [
    ({}, "its nbformat is None and not 4"),
    (notebook(nbformat=3), "its nbformat is 3"),
    (notebook(nbformat_minor="5"), "nbformat_minor is not an integer"),
    (notebook(metadata=None), "it has no metadata"),
    (notebook(cells={}), "it has no list of cells"),
    (notebook(cells=["a"]), "cell 1 is not a JSON object"),
    (notebook(cells=[{"cell_type": "x"}]), "cell 1 has the cell_type 'x'"),
    (notebook(cells=[{"cell_type": "raw"}]), "cell 1 has no source"),
    (notebook(cells=[{"cell_type": "raw", "source": ""}]), "cell 1 has no metadata"),
    (
        notebook(cells=[{"cell_type": "code", "source": [], "metadata": {}}]),
        "cell 1 has no list of outputs",
    ),
    (
        notebook(
            cells=[{"cell_type": "code", "source": "", "metadata": {}, "outputs": [{}]}]
        ),
        "cell 1 has an output of the type None",
    ),
    (notebook(metadata={"x": float("nan")}), "JSON cannot hold"),
    (notebook(metadata={"x": {1}}), "JSON cannot hold"),
    (notebook(metadata={"x": "\ud800"}), "JSON cannot hold"),
]


@pytest.mark.parametrize(("invalid", "message"), INVALID)
def test_an_invalid_one_is_refused_before_anything_is_written(
    workspace: Workspace, invalid: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        workspace.save("project.h5", notebooks=[notebook(), invalid])
    assert not Path("project.h5").exists()
    assert list(workspace.notebooks) == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"nbformat": 4}', "[" * 10_000])
def test_the_error_names_the_file(workspace: Workspace, text: str) -> None:
    Path("a.ipynb").write_text(text)
    with pytest.raises(dlw.UnreadableFileError, match=r"cannot read '.*a\.ipynb': "):
        workspace.save("project.h5", notebooks="a.ipynb")
    assert not Path("project.h5").exists()


def test_what_is_neither_a_path_nor_a_notebook(workspace: Workspace) -> None:
    with pytest.raises(TypeError, match="its content as a dict, got int"):
        workspace.save("project.h5", notebooks=[1])
    with pytest.raises(FileNotFoundError):
        workspace.save("project.h5", notebooks="missing.ipynb")
    with pytest.raises(ValueError, match="several notebooks have the name 'Untitled'"):
        workspace.save("project.h5", notebooks=[notebook(), notebook("2")])


def test_a_token_gets_into_no_file(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_used", [Token(TOKEN)])
    leaking = notebook(f"connect(url, {TOKEN!r})")
    with pytest.raises(ValueError, match="contains the token of a DataLab") as raised:
        workspace.save("project.h5", notebooks=leaking)
    assert TOKEN not in str(raised.value)
    assert not Path("project.h5").exists()


def test_one_that_is_too_long(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.notebooks.add(notebook(), "a")
    path = workspace.save("project.h5")
    monkeypatch.setattr(model, "LONGEST", 100)
    for source in (notebook(), "b.ipynb"):
        Path("b.ipynb").write_text(json.dumps(notebook()))
        with pytest.raises(
            ValueError, match=r"it has over \d+ MiB; clear large outputs"
        ):
            workspace.notebooks.add(source)
    opened = dlw.open(path)
    with pytest.raises(ValueError, match=r"export\(\) writes it as it is"):
        opened.notebooks["a"]


def test_missing_ones(workspace: Workspace) -> None:
    workspace.notebooks.add(notebook(), "analysis")
    for call in (workspace.notebooks.__getitem__, workspace.notebooks.remove):
        with pytest.raises(KeyError, match="'analyis'; did you mean 'analysis'"):
            call("analyis")
    assert "analyis" not in workspace.notebooks
    assert repr(workspace.notebooks) == "'analysis'"
    assert repr(Workspace().notebooks) == "no notebooks"


def test_export(path: Path, tmp_path: Path) -> None:
    opened = dlw.open(path)
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        opened.notebooks.export("analysis")
    written = opened.notebooks.export("analysis", "copy.ipynb")
    assert written == tmp_path / "copy.ipynb"
    assert json.loads(written.read_text("utf-8")) == notebook()
    opened.notebooks.export("analysis", "copy.ipynb", overwrite=True)
    for name in ("../a:b", "nul", "µ" * 300):
        opened.notebooks.add(notebook(), name)
        assert opened.notebooks.export(name, tmp_path).parent == tmp_path
    assert (tmp_path / "_nul.ipynb").exists()


def test_ls(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def shown(*arguments: str) -> str:
        assert main(["ls", str(path), *arguments]) == 0
        return capsys.readouterr().out

    assert shown().endswith("\nnotebook  analysis  1 cell\n")
    assert "notebook" not in shown("--kind", "signal")
    assert "notebook" not in shown("--pattern", "ramp")
    assert "ramp" not in shown("--kind", "notebook")
    assert json.loads(shown("--json"))[1:] == [
        {"kind": "notebook", "name": "analysis", "cells": 1}
    ]
