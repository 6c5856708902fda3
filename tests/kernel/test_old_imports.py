"""The imports of version 0.2."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import datalab_kernel
import datalab_workspace
from datalab_kernel_core import Plotter

MODULES = ("workspace", "plotter", "discovery", "backends")


def run(code: str, *options: str) -> str:
    """Return what a new Python prints."""
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_the_modules_cost_nothing_and_do_not_warn() -> None:
    imports = ", ".join(f"datalab_kernel.{name}" for name in MODULES)
    heavy = "{'numpy', 'IPython', 'datalab_kernel_core', 'datalab_workspace.workspace'}"
    code = f"import sys, {imports}; print({heavy} & set(sys.modules))"
    assert run(code, "-W", "error") == "set()\n"


def test_the_package_does_not_even_import_the_modules() -> None:
    code = "import sys, datalab_kernel; print(*sorted(sys.modules))"
    ours = {name for name in run(code).split() if name.startswith("datalab_")}
    assert ours == {
        "datalab_kernel",
        "datalab_kernel._version",
        "datalab_kernel.deprecated",
        "datalab_kernel.package",
    }


def test_python_shows_the_warning_of_a_program() -> None:
    said = run("from datalab_kernel.workspace import Workspace")
    assert said.count("DeprecationWarning") == 1
    assert "<string>:1" in said
    assert "use datalab_workspace.Workspace instead" in said


def test_they_are_the_present_classes() -> None:
    with pytest.deprecated_call():
        from datalab_kernel import Plotter as Old
        from datalab_kernel.workspace import Workspace
    assert Workspace is datalab_workspace.Workspace
    assert Old is Plotter


def test_what_is_gone_says_what_to_use() -> None:
    with pytest.raises(ImportError, match=r"no longer exists; use datalab_workspace.c"):
        exec("from datalab_kernel.backends import WebApiBackend")
    with pytest.raises(ImportError, match="cannot import name 'resolve_backend'"):
        exec("from datalab_kernel.plotter import resolve_backend")
    with pytest.raises(AttributeError, match="'datalab_kernel' has no attribute 'x'"):
        datalab_kernel.x  # noqa: B018  the access is the test


def test_it_survives_a_reload() -> None:
    package = importlib.reload(datalab_kernel)
    with pytest.deprecated_call():
        assert package.Workspace is datalab_workspace.Workspace
    assert (
        package.install is importlib.import_module("datalab_kernel.kernelspec").install
    )
