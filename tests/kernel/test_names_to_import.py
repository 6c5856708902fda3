"""`from datalab_kernel import workspace` in notebooks, scripts and modules."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import datalab_kernel
import datalab_workspace as dlw

NAMES = ("workspace", "plotter", "sigima", "np", "plt", "create_signal", "create_image")
HEAVY = "{'numpy', 'sigima', 'matplotlib', 'IPython', 'datalab_workspace.workspace'}"
IMPORT = f"from datalab_kernel import {', '.join(NAMES)}"


@pytest.fixture
def shell() -> Iterator[Any]:
    shell: Any = InteractiveShell.instance()
    shell.reset()
    yield shell
    shell.run_line_magic("unload_ext", "datalab_kernel")
    InteractiveShell.clear_instance()


def run_script(code: str, folder: Path | None = None) -> str:
    """Return what a script prints, in which each warning is an error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
    )
    return done.stdout + done.stderr


def cell(shell: Any, code: str) -> None:
    shell.run_cell(code).raise_error()


def test_a_script_imports_nothing_heavy_with_them() -> None:
    code = f"import sys; {IMPORT}; print({HEAVY} & set(sys.modules))"
    assert run_script(code) == "set()\n"


def test_a_script_has_one_workspace(tmp_path: Path) -> None:
    code = f"""
import importlib, datalab_kernel, datalab_kernel.workspace, datalab_kernel.plotter
{IMPORT}
workspace.add("a", create_signal("a", np.arange(3.0), np.arange(3.0)))
importlib.reload(datalab_kernel)
from datalab_kernel import workspace as again
assert again is workspace and again.list() == ["a"], again
assert plotter.plot("a").save("a.png").stat().st_size > 1000
assert sigima.proc.signal.normalize
"""
    assert run_script(code, tmp_path) == ""


def test_threads_that_begin_together_have_one_workspace() -> None:
    script = """
import threading
barrier = threading.Barrier(8)
def work(number):
    barrier.wait()
    from datalab_kernel import workspace
    workspace.add(f"x{number}", [1.0, 2.0])
threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
from datalab_kernel import workspace
print(len(workspace))
"""
    assert run_script(script) == "8\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_gets_what_it_has(shell: Any, name: str) -> None:
    importlib.import_module("datalab_kernel.workspace")
    importlib.reload(datalab_kernel)
    cell(shell, "%load_ext datalab_kernel")
    before = shell.user_ns[name]
    cell(shell, f"from datalab_kernel import {name} as found")
    assert shell.user_ns["found"] is before


def test_the_names_that_were_imported_before_are_those_of_the_extension(
    shell: Any, recwarn: pytest.WarningsRecorder
) -> None:
    cell(shell, "from datalab_kernel import workspace, sigima, plotter as mine")
    cell(shell, "_ = workspace.add('a', ([0.0, 1.0], [0.0, 1.0]))")
    cell(shell, "%load_ext datalab_kernel")
    cell(shell, "names = workspace.list(); same = plotter is mine")
    assert shell.user_ns["names"] == ["a"]
    assert shell.user_ns["same"]
    assert not [str(w.message) for w in recwarn if "kept your own" in str(w.message)]


def test_the_workspace_that_the_user_has_chosen(shell: Any) -> None:
    cell(shell, "%load_ext datalab_kernel")
    cell(shell, "import datalab_workspace as dlw; workspace = dlw.Workspace()")
    cell(shell, "from datalab_kernel import workspace as found")
    assert shell.user_ns["found"] is shell.user_ns["workspace"]
    cell(shell, "workspace = 3; from datalab_kernel import workspace")
    assert isinstance(shell.user_ns["workspace"], dlw.Workspace)


def test_a_module_that_a_notebook_imports(
    shell: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "steps_of_mine.py").write_text(
        "from datalab_kernel import workspace\n\ndef names(): return workspace.list()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    cell(shell, "%load_ext datalab_kernel")
    cell(shell, "import steps_of_mine; workspace['a'] = ([0.0, 1.0], [0.0, 1.0])")
    cell(shell, "found = steps_of_mine.names()")
    assert shell.user_ns["found"] == ["a"]


def test_help_on_the_package_makes_no_workspace() -> None:
    code = f"""
import datalab_kernel, inspect, pydoc, sys
inspect.getmembers(datalab_kernel, inspect.isclass)
assert "unload_ipython_extension" in pydoc.render_doc(datalab_kernel)
print({HEAVY} & set(sys.modules))
"""
    assert run_script(code) == "set()\n"


def test_the_names_are_offered_for_import(shell: Any) -> None:
    code = "from datalab_kernel import wor"
    with provisionalcompleter():
        offered = {found.text for found in shell.Completer.completions(code, len(code))}
    assert "workspace" in offered


def test_a_star_import() -> None:
    code = (
        f"from datalab_kernel import *; import sys; print({HEAVY} & set(sys.modules))"
    )
    assert run_script(code + "; workspace, plotter, np") == "set()\n"
