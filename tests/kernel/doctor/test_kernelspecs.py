"""The kernelspecs that Jupyter sees, in order and broken."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import datalab_kernel
from datalab_kernel import kernelspec
from datalab_kernel.doctor import kernelspecs
from support.doctor import NEEDS_A_SHELL, OWN_ENVIRONMENT, launcher, the, write_spec
from support.environments import SOURCES


def test_a_kernelspec_of_this_python_is_in_order(jupyter: Path) -> None:
    directory = kernelspec.install(prefix=jupyter)

    findings = list(kernelspecs.check())

    first = findings[0]
    assert first.level == "ok"
    assert first.text == (
        f"kernelspec datalab-kernel, {directory}: starts {sys.executable}"
    )
    assert {finding.level for finding in findings} <= {"ok", "note"}


def test_the_environments_own_kernelspec_is_in_order(jupyter: Path) -> None:
    finding = the(kernelspecs.check(), str(OWN_ENVIRONMENT))

    assert finding.level == "ok"
    assert f"the Python of a Jupyter in {sys.prefix}" in finding.text


def test_a_hidden_kernelspec_is_told_after_the_one_that_hides_it(
    jupyter: Path,
) -> None:
    directory = kernelspec.install(prefix=jupyter)

    first, second, *_ = kernelspecs.check()

    assert str(directory) in first.text
    assert second.level == "note"
    assert second.text.startswith(f"kernelspec datalab-kernel, {OWN_ENVIRONMENT}: ")
    assert second.text.endswith(f"(not used: {directory} comes first)")


def test_a_stale_kernelspec_is_an_error_and_names_the_command_that_mends_it(
    jupyter: Path,
) -> None:
    gone = str(jupyter / "gone" / "bin" / "python")
    directory = write_spec(jupyter, argv=launcher(gone))

    stale = the(kernelspecs.check(), f"{gone} does not exist")

    assert stale.level == "error"
    assert stale.remedy is not None
    assert subprocess.run(shlex.split(stale.remedy), check=False).returncode == 0
    assert the(kernelspecs.check(), f"{directory}: ").level == "ok"


def test_a_hidden_stale_kernelspec_is_a_warning_and_to_be_removed(
    jupyter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = jupyter / "later"
    kernelspec.install(prefix=jupyter)
    gone = write_spec(later, argv=launcher("/gone/bin/python"))
    folders = [jupyter / "share" / "jupyter", later / "share" / "jupyter"]
    monkeypatch.setenv("JUPYTER_PATH", os.pathsep.join(map(str, folders)))

    stale = the(kernelspecs.check(), "/gone/bin/python does not exist")

    assert stale.level == "warn"
    assert stale.remedy is not None
    assert subprocess.run(shlex.split(stale.remedy), check=False).returncode == 0
    assert not gone.exists()


def test_a_python_without_the_kernel_is_an_error(jupyter: Path) -> None:
    # Without its site-packages, a Python has no datalab_kernel.
    directory = write_spec(jupyter, argv=launcher(sys.executable, "-S", "-E"))

    finding = the(kernelspecs.check(), f"{directory}: ")

    assert finding.level == "error"
    assert "has no DataLab kernel: No module named 'datalab_kernel'" in finding.text


@NEEDS_A_SHELL
def test_a_broken_interpreter_is_an_error(jupyter: Path) -> None:
    python = jupyter / "python"
    python.write_text("#!/bin/sh\necho 'no such ELF' >&2\nexit 127\n")
    python.chmod(0o755)
    directory = write_spec(jupyter, argv=launcher(str(python)))

    finding = the(kernelspecs.check(), f"{directory}: ")

    assert finding.level == "error"
    assert "its Python does not start: no such ELF" in finding.text


@NEEDS_A_SHELL
def test_another_environments_python_is_a_warning(jupyter: Path) -> None:
    """The same packages, by way of PYTHONPATH, in an environment of its own."""
    other = jupyter / "other"
    command = [sys.executable, "-m", "venv", "--without-pip", str(other)]
    subprocess.run(command, check=True)
    python = str(other / "bin" / "python")
    packages = [SOURCES, str(Path(pytest.__file__).parents[1])]
    env = {"PYTHONPATH": os.pathsep.join(packages)}
    directory = write_spec(jupyter, argv=launcher(python), env=env)

    finding = the(kernelspecs.check(), f"{directory}: ")

    assert finding.level == "warn"
    version = datalab_kernel.__version__
    assert f"datalab-kernel {version} of another environment, {other}" in finding.text
    assert str(finding.remedy).startswith(f"{sys.executable} -m datalab_kernel install")


def test_a_bare_python_outside_its_environment_is_a_warning(jupyter: Path) -> None:
    directory = write_spec(jupyter, argv=launcher("python"))

    finding = the(kernelspecs.check(), f"{directory}: ")

    assert finding.level == "warn"
    assert "whichever Jupyter reads it" in finding.text


@pytest.mark.parametrize(
    "spec",
    [
        {"argv": ["python", "-c", "import xeus_python; xeus_python.main()"]},
        {"argv": ["python", "-m", "datalab_kernel", "-f", "{connection_file}"]},
        {"argv": ["xpython", "-f", "x"], "env": {"DATALAB_KERNEL_STARTUP": "1"}},
    ],
)
def test_a_kernelspec_of_0_2_is_an_error_and_the_remedy_replaces_it(
    jupyter: Path, spec: dict
) -> None:
    directory = write_spec(jupyter, **spec)

    finding = the(kernelspecs.check(), f"{directory}: ")

    assert finding.level == "error"
    assert "datalab-kernel 0.2" in finding.text
    command = shlex.split(str(finding.remedy))
    assert subprocess.run(command, check=False).returncode == 0
    assert the(kernelspecs.check(), f"{directory}: ").level == "ok"


def test_the_startup_file_of_0_2_is_a_warning(jupyter: Path) -> None:
    path = jupyter / "ipython" / "profile_default" / "startup" / "00-datalab-kernel.py"
    assert not [f for f in kernelspecs.check() if str(path) in f.text]
    path.parent.mkdir(parents=True)
    path.touch()

    finding = the(kernelspecs.check(), str(path))

    assert (finding.level, finding.remedy) == ("warn", f"remove the file {path}")


@pytest.mark.parametrize("text", ["{", "[]", '{"argv": 1}', '{"argv": [], "env": 1}'])
def test_a_kernelspec_that_cannot_be_read_is_an_error(jupyter: Path, text: str) -> None:
    directory = write_spec(jupyter, argv=[])
    (directory / "kernel.json").write_text(text)

    finding = the(kernelspecs.check(), f"{directory}: ")

    assert finding.level == "error"
    assert "cannot be read" in finding.text
    assert finding.remedy == f"remove the folder {directory}"


def test_another_kernel_under_the_name_is_an_error(jupyter: Path) -> None:
    directory = write_spec(jupyter, argv=["python", "-m", "ipykernel_launcher"])

    finding = the(kernelspecs.check(), f"{directory}: ")

    assert finding.level == "error"
    assert "starts another kernel" in finding.text
    assert "install --name datalab-kernel-2" in str(finding.remedy)


def test_other_kernels_are_none_of_its_business(jupyter: Path) -> None:
    write_spec(jupyter, "other", argv=["nowhere"])
    broken = write_spec(jupyter, "broken", argv=[])
    (broken / "kernel.json").write_text("{")

    texts = " ".join(finding.text for finding in kernelspecs.check())

    assert str(jupyter / "share") not in texts


def test_where_jupyter_sees_none_installing_is_the_remedy(tmp_path: Path) -> None:
    assert kernelspecs.chosen(kernelspecs.find([tmp_path, tmp_path / "none"])) is None
    finding = the(kernelspecs.check_presence([]), "finds no kernelspec")

    assert finding.level == "error"
    assert str(finding.remedy).endswith("-m datalab_kernel install")


def test_a_kernel_of_another_name_alone_is_a_warning(tmp_path: Path) -> None:
    kernelspec.install(prefix=tmp_path, name="mine")
    specs = kernelspecs.find([kernelspec.kernels_folder(tmp_path)])

    finding = the(kernelspecs.check_presence(specs), "datalab-kernel")

    assert finding.level == "warn"
    assert [found.name for found in specs] == ["mine"]
