"""What the launcher adds to the user's own IPython configuration, and what not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

USER_CONFIGURATION = """
c = get_config()
c.InteractiveShellApp.extensions = ["autoreload", "user_extension"]
c.InteractiveShellApp.extra_extensions = ["another_extension"]
"""
EXTENSION = "def load_ipython_extension(ip): ip.user_ns[__name__] = 'loaded'\n"


def test_the_users_configuration_and_startup_files_are_honoured(
    start: Callable,
    ipython_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (ipython_folder / "ipython_config.py").write_text(USER_CONFIGURATION)
    (ipython_folder / "startup" / "00-user.py").write_text("from_startup = 'run'\n")
    for name in ("user_extension", "another_extension"):
        (tmp_path / f"{name}.py").write_text(EXTENSION)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    kernel = start()

    assert kernel.value("user_extension, another_extension") == "('loaded', 'loaded')"
    assert kernel.value("from_startup") == "'run'"
    assert kernel.run("%autoreload 2").status == "ok"
    assert kernel.run("workspace").status == "ok"


def test_an_extension_of_the_user_that_fails_does_not_keep_the_namespace_away(
    start: Callable,
    ipython_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (ipython_folder / "ipython_config.py").write_text(
        "c = get_config()\nc.InteractiveShellApp.extensions = ['broken_extension']\n"
    )
    (tmp_path / "broken_extension.py").write_text("1 / 0\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert start().run("workspace").status == "ok"


def test_startup_files_of_the_user_already_find_the_namespace(
    start: Callable, ipython_folder: Path
) -> None:
    (ipython_folder / "startup" / "00-user.py").write_text("mine = workspace\n")

    assert start().value("mine is workspace") == "True"


def test_what_is_hidden_at_the_start_can_be_imported_later(start: Callable) -> None:
    """A connection to DataLab needs urllib3, the start of the shell does not."""
    kernel = start()
    assert kernel.value("'urllib3' in __import__('sys').modules") == "False"
    code = (
        "from datalab_workspace.live.transport import transport_to\n"
        "transport = transport_to('http://127.0.0.1:1')"
    )
    assert kernel.run(code).status == "ok"
    assert kernel.value("transport") == "NativeTransport('http://127.0.0.1:1')"


def test_the_ipython_folder_holds_what_the_stock_kernel_puts_there(
    start: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = {}
    for name in ("xpython", "datalab-kernel"):
        folder = tmp_path / name
        monkeypatch.setenv("IPYTHONDIR", str(folder))
        kernel = start(name)
        kernel.run("1 + 1")
        kernel.shut_down()
        written[name] = {
            path.relative_to(folder)
            for path in folder.rglob("*")
            if not path.name.startswith("history.sqlite")
        }

    assert written["datalab-kernel"] == written["xpython"]


@pytest.fixture
def activated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An activated virtual environment that is not the kernel's; its packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = tmp_path / "activated" / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "activated"))
    return packages


ON_POSIX = pytest.mark.skipif(os.name == "nt", reason="the folders are laid otherwise")


@ON_POSIX
def test_the_stock_kernel_still_imports_from_an_activated_environment(
    start: Callable, activated: Path
) -> None:
    """The defect that `shell.interactive` cures; when this fails, drop it."""
    kernel = start("xpython")

    assert kernel.value(f"{str(activated)!r} in __import__('sys').path") == "True"


@ON_POSIX
def test_packages_of_an_activated_environment_are_not_the_kernels(
    start: Callable, activated: Path
) -> None:
    kernel = start()

    assert kernel.value(f"{str(activated)!r} in __import__('sys').path") == "False"


def test_without_xeus_python_the_launcher_says_where_to_get_it(tmp_path: Path) -> None:
    """As on a platform without a wheel: there the import fails in this way."""
    (tmp_path / "xpython.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'xpython'\", name='xpython')\n"
    )
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from datalab_kernel.launcher import main; main()"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert result.returncode == 1
    assert "No module named 'xpython'" in result.stderr
    assert "pip install xeus-python" in result.stderr
    assert "Traceback" not in result.stderr


def test_importing_the_package_is_cheap_silent_and_repeatable() -> None:
    code = (
        "import sys; before = set(sys.modules); import datalab_kernel\n"
        "import importlib; importlib.reload(datalab_kernel)\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - sys.stdlib_module_names))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout == "['datalab_kernel']\n"
    assert result.stderr == ""
