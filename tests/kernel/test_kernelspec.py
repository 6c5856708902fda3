"""Kernelspecs are written whole, where asked for, and nowhere else."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel import kernelspec

FILES = {"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}


def tree(*roots: Path) -> dict[Path, bytes | None]:
    """Every file and folder under some roots, with the files' contents."""
    return {
        path: path.read_bytes() if path.is_file() else None
        for root in roots
        for path in root.rglob("*")
    }


def spec_of(directory: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((directory / "kernel.json").read_text())
    return content


def test_a_kernelspec_starts_the_python_that_wrote_it(tmp_path: Path) -> None:
    directory = kernelspec.install(prefix=tmp_path)

    assert directory == tmp_path / "share" / "jupyter" / "kernels" / "datalab-kernel"
    assert {path.name for path in directory.iterdir()} == FILES
    assert spec_of(directory) == {
        "argv": [
            sys.executable,
            "-m",
            "datalab_kernel.launcher",
            "-f",
            "{connection_file}",
        ],
        "display_name": "DataLab Kernel",
        "language": "python",
        "interrupt_mode": "signal",
        "metadata": {"debugger": True},
    }


def test_name_display_name_and_environment_are_the_callers(tmp_path: Path) -> None:
    directory = kernelspec.install(
        prefix=tmp_path,
        name="DataLab-2",
        display_name="Mesures à chaud",
        env={"OMP_NUM_THREADS": "2", "EMPTY": ""},
    )

    assert directory.name == "datalab-2"
    assert spec_of(directory)["display_name"] == "Mesures à chaud"
    assert spec_of(directory)["env"] == {"OMP_NUM_THREADS": "2", "EMPTY": ""}


def test_jupyter_finds_and_reads_what_was_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = kernelspec.install(prefix=tmp_path, name="mine", env={"A": "1"})
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))

    spec = KernelSpecManager().get_kernel_spec("mine")

    assert spec.resource_dir == str(directory)
    assert spec.interrupt_mode == "signal"
    assert spec.env == {"A": "1"}


def test_the_environments_own_kernelspec_is_known_to_jupyter() -> None:
    spec = KernelSpecManager().get_kernel_spec("datalab-kernel")

    assert spec.display_name == "DataLab Kernel"
    assert Path(spec.resource_dir).is_relative_to(sys.prefix)
    assert spec.argv[1:] == kernelspec.make_kernel_cmd()[1:]


def test_without_a_prefix_the_users_folder_is_meant(
    isolated_environment: Path,
) -> None:
    directory = kernelspec.install(name="of-the-user")
    try:
        expected = isolated_environment / "jupyter-data" / "kernels" / "of-the-user"
        assert directory == expected
    finally:
        kernelspec.uninstall(name="of-the-user")


def test_nothing_is_written_outside_the_prefix(
    tmp_path: Path, isolated_environment: Path
) -> None:
    prefix, beside = tmp_path / "prefix", tmp_path / "beside"
    beside.mkdir()
    elsewhere = (isolated_environment, beside, Path(sys.prefix) / "share" / "jupyter")
    before = tree(*elsewhere)

    kernelspec.install(prefix=prefix)
    kernelspec.installed(prefix=prefix)
    kernelspec.uninstall(prefix=prefix)

    assert tree(*elsewhere) == before
    assert [p for p in prefix.rglob("*") if p.is_file()] == []


def test_installing_again_replaces_the_files_and_not_their_content(
    tmp_path: Path,
) -> None:
    """An installer may have hard-linked them to its cache."""
    directory = kernelspec.install(prefix=tmp_path)
    linked = {name: tmp_path / name for name in FILES}
    for name, link in linked.items():
        os.link(directory / name, link)
    before = {name: link.read_bytes() for name, link in linked.items()}

    kernelspec.install(prefix=tmp_path, display_name="Another")

    assert spec_of(directory)["display_name"] == "Another"
    assert {name: link.read_bytes() for name, link in linked.items()} == before


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../up", "a/b", "-x", ".hidden", "é", "a b", "a\n", "a\0"]
)
def test_a_name_that_jupyter_would_refuse_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a valid name for a kernel"):
        kernelspec.install(prefix=tmp_path, name=name)

    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("variable", ["", "A=B", "A\0"])
def test_a_variable_that_no_system_knows_is_refused(
    tmp_path: Path, variable: str
) -> None:
    with pytest.raises(ValueError, match="environment variable"):
        kernelspec.install(prefix=tmp_path, env={variable: "1"})

    assert [*tmp_path.iterdir()] == []


def test_an_empty_display_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="display name"):
        kernelspec.install(prefix=tmp_path, display_name=" ")


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A kernelspec of another kernel."""
    directory = kernelspec.kernels_folder(tmp_path) / "python3"
    directory.mkdir(parents=True)
    (directory / "kernel.json").write_text(
        json.dumps({"argv": ["python"], "display_name": "P", "language": "python"})
    )
    return directory


def test_another_kernel_is_never_overwritten_removed_or_listed(
    tmp_path: Path, foreign: Path
) -> None:
    before = tree(tmp_path)

    with pytest.raises(FileExistsError, match="another kernel"):
        kernelspec.install(prefix=tmp_path, name="python3")
    with pytest.raises(FileNotFoundError, match="no DataLab kernel"):
        kernelspec.uninstall(prefix=tmp_path, name="python3")

    assert kernelspec.installed(prefix=tmp_path) == []
    assert tree(tmp_path) == before


EARLIER = [
    {"argv": ["python", "-c", "import os; import xeus_python; xeus_python.main()"]},
    {"argv": ["python", "-m", "datalab_kernel", "-f", "{connection_file}"]},
    {"argv": ["xpython", "-f", "x"], "env": {"DATALAB_KERNEL_STARTUP": "1"}},
]


@pytest.mark.parametrize("spec", EARLIER)
def test_what_0_2_installed_is_replaced_and_removed_as_ours_is(
    tmp_path: Path, spec: dict
) -> None:
    directory = kernelspec.kernels_folder(tmp_path) / "datalab-kernel"
    directory.mkdir(parents=True)
    earlier = json.dumps(spec | {"display_name": "DataLab", "language": "python"})

    (directory / "kernel.json").write_text(earlier)
    assert kernelspec.installed(prefix=tmp_path) == []
    kernelspec.install(prefix=tmp_path)
    assert spec_of(directory)["argv"] == kernelspec.make_kernel_cmd()

    (directory / "kernel.json").write_text(earlier)
    kernelspec.uninstall(prefix=tmp_path)
    assert not directory.exists()


def test_a_kernel_that_lives_in_a_folder_named_as_the_package_is_anothers() -> None:
    argv = ["/home/u/datalab_kernel/bin/python", "-m", "ipykernel_launcher"]

    assert not kernelspec.is_earlier({"argv": argv})
    assert not kernelspec.is_earlier({"argv": kernelspec.make_kernel_cmd()})


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"argv": 1}', "\x00"])
def test_a_broken_kernelspec_is_no_kernel_of_ours(tmp_path: Path, content: str) -> None:
    directory = kernelspec.kernels_folder(tmp_path) / "broken"
    directory.mkdir(parents=True)
    (directory / "kernel.json").write_text(content)

    assert kernelspec.read(directory) is None
    assert kernelspec.installed(prefix=tmp_path) == []


def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    kernels = kernelspec.kernels_folder(tmp_path)
    kernels.mkdir(parents=True)
    (kernels / "datalab-kernel").symlink_to(elsewhere)

    with pytest.raises(FileExistsError, match="link"):
        kernelspec.install(prefix=tmp_path)

    assert [*elsewhere.iterdir()] == []


def test_a_write_that_fails_leaves_no_folder_behind(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="serializable"):
        kernelspec.write(tmp_path / "mine", {"argv": object()})

    assert not (tmp_path / "mine").exists()


def test_a_prefix_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    prefix = tmp_path / "file"
    prefix.touch()

    with pytest.raises(OSError, match="file"):
        kernelspec.install(prefix=prefix)


def test_a_folder_that_cannot_be_filled_is_no_kernel(tmp_path: Path) -> None:
    """`kernel.json` comes last: without it, Jupyter ignores the folder."""
    directory = kernelspec.kernels_folder(tmp_path) / "mine"
    (directory / "logo-svg.svg").mkdir(parents=True)  # no file can replace it

    with pytest.raises(OSError, match="logo-svg"):
        kernelspec.install(prefix=tmp_path, name="mine")

    assert not (directory / "kernel.json").exists()
    assert not [path for path in directory.iterdir() if path.name.startswith(".")]


def test_listing_shows_every_kernel_of_ours_in_a_prefix(
    tmp_path: Path, foreign: Path
) -> None:
    for name in ("b", "a"):
        kernelspec.install(prefix=tmp_path, name=name, display_name=name.upper())

    listed = kernelspec.installed(prefix=tmp_path)

    assert [(spec.name, spec.display_name) for spec in listed] == [
        ("a", "A"),
        ("b", "B"),
    ]
    assert {spec.argv[0] for spec in listed} == {sys.executable}


def test_listing_without_a_prefix_shows_what_jupyter_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = kernelspec.install(prefix=tmp_path, name="mine")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))

    directories = [spec.directory for spec in kernelspec.installed()]

    assert directories[0] == directory
    assert Path(sys.prefix, "share/jupyter/kernels/datalab-kernel") in directories
