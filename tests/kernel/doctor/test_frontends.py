"""The front ends of an environment, and whether they find the kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import datalab_kernel
from datalab_kernel import kernelspec
from datalab_kernel.doctor import frontends
from support.doctor import NEEDS_A_SHELL, launcher, the, write_spec


@pytest.fixture
def bare_environment(tmp_path: Path) -> Callable[..., str]:
    """Look at the front ends of an environment that has some distributions only."""

    def look(**versions: str) -> str:
        for name, version in versions.items():
            folder = tmp_path / f"{name}-{version}.dist-info"
            folder.mkdir()
            text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            (folder / "METADATA").write_text(text)
        text = (
            "from datalab_kernel.doctor import frontends\n"
            "for finding in frontends.check(): print(*finding.lines(), sep='\\n')"
        )
        source = Path(datalab_kernel.__file__).parents[1]
        path = os.pathsep.join([str(source), str(tmp_path)])
        return subprocess.run(
            [sys.executable, "-S", "-X", "utf8", "-c", text],
            env={**os.environ, "PYTHONPATH": path, "PATH": str(tmp_path)},
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout

    return look


def test_the_front_ends_of_the_environment_are_named(
    bare_environment: Callable[..., str],
) -> None:
    text = bare_environment(jupyterlab="4.2.1", nbclient="0.11.0")

    assert "ok    in this environment: JupyterLab 4.2.1, nbclient 0.11.0\n" in text
    assert "note  not in this environment: Notebook, nbconvert, ipywidgets\n" in text
    assert "note  VS Code: not checked\n" in text
    assert "jupyterlab_widgets" not in text


def test_widgets_without_their_part_in_the_front_end_are_a_warning(
    bare_environment: Callable[..., str],
) -> None:
    text = bare_environment(jupyterlab="4.2.1", ipywidgets="8.1.5")

    assert "warn  widgets are not shown: jupyterlab_widgets is missing" in text
    assert "→ pip install jupyterlab_widgets" in text


def test_widgets_with_it_are_in_order(bare_environment: Callable[..., str]) -> None:
    text = bare_environment(
        jupyterlab="4.2.1", ipywidgets="8.1.5", jupyterlab_widgets="3.0.13"
    )

    assert "warn" not in text
    assert "ipywidgets 8.1.5" in text


def test_a_jupyter_of_this_environment_is_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))

    finding = the(frontends.check(), "belongs to this environment")

    assert finding.level == "ok"


def test_no_jupyter_on_the_path_is_a_note(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert the(frontends.check(), "no jupyter command is on the PATH").level == "note"


@pytest.fixture
def other_jupyter(jupyter: Path, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """A `jupyter` on the PATH that is of another environment."""
    folder = jupyter / "other" / "bin"
    folder.mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def write(script: str) -> Path:
        path = folder / "jupyter"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write


@NEEDS_A_SHELL
def test_another_environments_jupyter_that_sees_the_kernel_is_in_order(
    jupyter: Path, other_jupyter: Callable
) -> None:
    directory = kernelspec.install(prefix=jupyter)
    real = Path(sys.executable).parent / "jupyter"
    path = other_jupyter(f'exec "{real}" "$@"')

    finding = the(frontends.check(), "belongs to another environment")

    assert finding.level == "ok"
    assert str(path) in finding.text
    assert str(directory) in finding.text


@NEEDS_A_SHELL
def test_another_environments_jupyter_would_start_its_own_python(
    jupyter: Path, other_jupyter: Callable
) -> None:
    write_spec(jupyter, argv=launcher("python"))
    real = Path(sys.executable).parent / "jupyter"
    other_jupyter(f'exec "{real}" "$@"')

    finding = the(frontends.check(), "belongs to another environment")

    assert finding.level == "warn"
    assert "would start its own Python" in finding.text
    assert "install --name datalab-kernel-2" in str(finding.remedy)


@NEEDS_A_SHELL
@pytest.mark.parametrize(
    ("script", "text"),
    [
        ('echo \'{"data": ["/nowhere"]}\'', "finds no DataLab kernel"),
        ("echo 'no traitlets' >&2; exit 1", "no traitlets"),
        ("echo '[]'", "does not report its folders"),
    ],
)
def test_another_environments_jupyter_that_is_no_help_is_a_warning(
    other_jupyter: Callable, script: str, text: str
) -> None:
    other_jupyter(script)

    finding = the(frontends.check(), "belongs to another environment")

    assert finding.level == "warn"
    assert text in finding.text
