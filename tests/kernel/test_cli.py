"""`python -m datalab_kernel`, as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest

import datalab_kernel
from datalab_kernel import cli

if TYPE_CHECKING:
    from pathlib import Path

KERNELS = "share/jupyter/kernels"


def run(*arguments: str | Path, without: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command; `without` names a module that cannot be imported then."""
    start = ["-m", "datalab_kernel"]
    if without:
        code = (
            f"import sys; sys.modules[{without!r}] = None\n"
            "from datalab_kernel.cli import main; sys.exit(main())"
        )
        start = ["-c", code]
    return subprocess.run(
        [sys.executable, *start, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_install_list_and_uninstall_in_a_prefix(tmp_path: Path) -> None:
    directory = tmp_path / KERNELS / "mine"

    installed = run(
        *("install", "--prefix", tmp_path, "--name", "mine"),
        *("--display-name", "My DataLab", "--env", "A", "1", "--env", "B", "2"),
    )
    assert (installed.returncode, installed.stderr) == (0, "")
    assert installed.stdout == (
        f"Installed mine in {directory}\n"
        f"Jupyter shows it as 'My DataLab'; it starts {sys.executable}\n"
    )
    spec = json.loads((directory / "kernel.json").read_text())
    assert spec["display_name"] == "My DataLab"
    assert spec["env"] == {"A": "1", "B": "2"}

    listed = run("list", "--prefix", tmp_path)
    assert listed.stdout == f"mine  {directory}  ({sys.executable})\n"

    removed = run("uninstall", "--prefix", tmp_path, "--name", "mine")
    assert (removed.returncode, removed.stdout) == (0, f"Removed {directory}\n")
    assert not directory.exists()


@pytest.mark.parametrize("location", [[], ["--user"]])
def test_the_users_folder_is_the_default(
    location: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))

    assert run("install", *location).returncode == 0
    assert (tmp_path / "kernels" / "datalab-kernel" / "kernel.json").exists()
    assert run("uninstall", *location).returncode == 0
    assert [*(tmp_path / "kernels").iterdir()] == []


def test_list_shows_the_kernel_of_this_environment() -> None:
    directory = f"{sys.prefix}/{KERNELS}/datalab-kernel"

    assert directory in run("list").stdout
    assert directory in run("list", "--sys-prefix").stdout


def test_list_says_when_there_is_none(tmp_path: Path) -> None:
    result = run("list", "--prefix", tmp_path)

    assert (result.returncode, result.stdout) == (0, "")
    assert "No DataLab kernel" in result.stderr


def test_the_version_is_the_packages() -> None:
    assert run("--version").stdout == f"{datalab_kernel.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["instal"],
        ["install", "--prefix"],
        ["install", "--user", "--sys-prefix"],
        ["install", "--env", "A"],
        ["list", "--name", "x"],
        ["doctor", "--prefix", "x"],
    ],
)
def test_arguments_that_make_no_sense_exit_with_2(arguments: list[str]) -> None:
    result = run(*arguments)

    assert result.returncode == 2
    assert "usage: datalab-kernel" in result.stderr


def test_without_a_command_all_of_them_are_shown() -> None:
    result = run()

    assert (result.returncode, result.stdout) == (2, "")
    for command in ("install", "uninstall", "list", "doctor", "--version"):
        assert command in result.stderr


def test_the_script_is_the_same_command() -> None:
    (script,) = entry_points(group="console_scripts", name="datalab-kernel")

    assert script.load() is cli.main


def test_the_command_line_is_cheap_to_import() -> None:
    code = (
        "import sys; before = set(sys.modules); import datalab_kernel.cli\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - sys.stdlib_module_names))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout == "['datalab_kernel']\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["install", "--name", "a/b"], "'a/b' is not a valid name for a kernel"),
        (
            ["install", "--env", "A=1", "2"],
            "'A=1' is not a valid name of an environment",
        ),
        (["uninstall", "--name", "absent"], "no DataLab kernel in"),
    ],
)
def test_what_cannot_be_done_exits_with_1_and_the_reason(
    arguments: list[str], reason: str, tmp_path: Path
) -> None:
    result = run(*arguments, "--prefix", tmp_path)

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("datalab-kernel: error: ")
    assert reason in result.stderr
    assert [*tmp_path.iterdir()] == []


def test_a_prefix_needs_no_jupyter(tmp_path: Path) -> None:
    for command in ("install", "list", "uninstall"):
        result = run(command, "--prefix", tmp_path, without="jupyter_core")
        assert (result.returncode, result.stderr) == (0, "")


def test_installing_needs_no_xeus_python(tmp_path: Path) -> None:
    result = run("install", "--prefix", tmp_path, without="xpython")

    assert (result.returncode, result.stderr) == (0, "")


def test_the_version_and_this_environment_need_no_jupyter_either() -> None:
    assert run("--version", without="jupyter_core").returncode == 0
    assert run("list", "--sys-prefix", without="jupyter_core").returncode == 0
    missing = run("uninstall", "--sys-prefix", "--name", "x", without="jupyter_core")
    assert "no DataLab kernel in" in missing.stderr


@pytest.mark.parametrize("command", ["install", "uninstall", "list"])
def test_the_users_folder_names_the_extra_that_it_needs(command: str) -> None:
    result = run(command, without="jupyter_core")

    assert result.returncode == 1
    assert "pip install 'datalab-kernel[cli]'" in result.stderr
