"""The hook that makes the DataLab kernel of a program.

The program is a Python script here, which starts the kernel of xeus-python's wheel as
the program `xpython` starts its own.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datalab_kernel import kernelspec
from datalab_kernel.xeus import program
from support.environments import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = "in-a-script"
SCRIPT = "#!{python}\nimport sys\nfrom xpython import launch\nlaunch(sys.argv)\n"
RUN = """
import sys
from datalab_kernel.xeus import program
program.run({script!r}, sys.argv)
"""
BUSY = "print('running', flush=True)\nwhile True: pass"
VARIABLES = ("PYTHONPATH", "PATH", program.VARIABLE)
SHOW = f"import os; [os.environ.get(name) for name in {VARIABLES}]"

ON_POSIX = pytest.mark.skipif(os.name == "nt", reason="runs a script as a program")


@pytest.fixture(scope="module")
def spec(jupyter_data: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a kernelspec that starts the script."""
    script = tmp_path_factory.mktemp("program") / "xpython"
    script.write_text(SCRIPT.format(python=sys.executable))
    script.chmod(0o755)
    argv = [sys.executable, "-c", RUN.format(script=str(script))]
    content = kernelspec.kernel_dict() | {"argv": [*argv, "-f", "{connection_file}"]}
    kernelspec.write(jupyter_data / "kernels" / NAME, content)
    return NAME


@pytest.fixture(scope="module")
def inside(spec: str, running: Callable) -> Iterator:
    """One kernel for the tests of this module."""
    with running(spec) as kernel:
        yield kernel


@ON_POSIX
def test_the_kernel_is_complete(inside) -> None:
    cell = inside.run("workspace.add('a', np.arange(3.0))\nplotter.plot('a')")

    assert (cell.status, cell.error) == ("ok", None)
    assert "image/png" in cell.shown["data"]
    assert inside.value("len(__import__('sys').argv)") == "1"
    inside.run("from datalab_kernel.xeus import registry")
    assert inside.value("[n for n, why in registry.report().items() if why]") == "[]"


@ON_POSIX
def test_the_environment_is_restored(inside) -> None:
    expected = [os.environ.get(name) for name in VARIABLES]

    assert ast.literal_eval(inside.value(SHOW)) == expected
    assert expected[0] is expected[2] is None


@ON_POSIX
def test_an_interrupt_stops_the_cell_and_keeps_the_kernel(inside) -> None:
    cell = inside.begin(BUSY, until="running")
    inside.interrupt()

    assert inside.finish(cell).status == "error"
    assert inside.value("40 + 2") == "42"


@ON_POSIX
def test_a_widget_is_shown_and_follows_the_front_end(inside) -> None:
    cell = inside.run("import ipywidgets\nslider = ipywidgets.IntSlider(7)\nslider")
    view = cell.shown["data"]["application/vnd.jupyter.widget-view+json"]
    change = {"method": "update", "state": {"value": 42}, "buffer_paths": []}
    content = {"comm_id": view["model_id"], "data": change}
    inside.client.shell_channel.send(inside.client.session.msg("comm_msg", content))

    assert inside.value("slider.value") == "42"


@ON_POSIX
@pytest.mark.parametrize(
    "code",
    [
        pytest.param("", id="idle"),
        pytest.param("import atexit; atexit.register(print, 1)", id="prints"),
        pytest.param("import ipywidgets\nipywidgets.IntSlider()", id="widget"),
        pytest.param(
            "import threading, time\n"
            "def late(): time.sleep(0.5); print('late')\n"
            "threading.Thread(target=late).start()",
            id="with a thread",
        ),
        pytest.param(
            "from concurrent.futures import ThreadPoolExecutor\n"
            "import time\n"
            "ThreadPoolExecutor().submit(time.sleep, 0.5)",
            id="with an executor",
        ),
    ],
)
def test_the_kernel_ends_with_code_0_and_runs_the_handlers(
    spec: str, start: Callable, tmp_path: Path, code: str
) -> None:
    kernel = start(spec)
    handler = str(tmp_path / "handler")
    kernel.run(f"import atexit\natexit.register(open({handler!r}, 'w').write, 'x')")
    kernel.run(code)

    assert kernel.shut_down() == 0
    assert Path(handler).read_text() == "x"


# -- the hook in any Python ------------------------------------------------------------


def hooked(
    code: str, *, env: dict[str, str] | None = None, **instructions: object
) -> subprocess.CompletedProcess[str]:
    """Run code in a Python that the hook has prepared."""
    environment = program.environment("/usr/bin/xpython", ["launcher", "-f", "x"])
    environment |= env or {}
    changed = json.loads(environment[program.VARIABLE]) | instructions
    environment[program.VARIABLE] = json.dumps(changed)
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )


def test_variables_are_restored_as_they_were(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for value in (None, "", f"{tmp_path}{os.pathsep}{tmp_path / 'other'}"):
        if value is not None:
            monkeypatch.setenv("PYTHONPATH", value)
        printed = hooked(f"{SHOW.replace('; ', '; print(')})").stdout

        assert printed == f"{[value, os.environ['PATH'], None]}\n"


def test_the_hook_is_not_on_the_path(tmp_path: Path) -> None:
    code = "import sys; print([p for p in sys.path if 'start_hook' in p])"

    assert hooked(code).stdout == "[]\n"


@pytest.mark.parametrize("ending", ["", "raise RuntimeError('harmless')"])
def test_the_users_sitecustomize_runs_before_the_kernel_is_prepared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "sitecustomize.py").write_text(
        f"import sys\nsys.customized = 'IPython' in sys.modules\n{ending}\n"
    )

    done = hooked("import sys; print(sys.customized, 'IPython' in sys.modules)")

    assert done.stdout == "False True\n"
    assert ("harmless" in done.stderr) == bool(ending)


def test_a_process_that_has_only_the_folder_is_no_kernel(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.customized = True\n")
    path = os.pathsep.join([str(program.HOOK), str(tmp_path)])
    code = "import sys; print(sys.customized, 'IPython' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )

    assert (done.stdout, done.stderr) == ("True False\n", "")


def test_a_python_of_another_version_ends_with_the_reason() -> None:
    done = hooked("print('started')", version=[3, 99])

    assert (done.returncode, done.stdout) == (1, "")
    here = "{}.{}".format(*sys.version_info[:2])
    assert f"The program /usr/bin/xpython runs Python {here}, but" in done.stderr
    assert f"{sys.executable}, is 3.99" in done.stderr


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise ImportError('it is broken')", "The DataLab kernel needs xeus-python"),
        ("raise RuntimeError('it is broken')", "RuntimeError"),
    ],
)
def test_a_kernel_that_cannot_be_prepared_does_not_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, reason: str
) -> None:
    """Python would report the error and start the program's own kernel."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "xeus_python_shell.py").write_text(source)

    done = hooked("print('started')")

    assert (done.returncode, done.stdout) == (1, "")
    assert reason in done.stderr
    assert "it is broken" in done.stderr


# -- the program is found --------------------------------------------------------------


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An environment with nothing in it."""
    folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder


def make_program(folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    path = folder / "xpython"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def in_environment(environment: Path, *arguments: str, path: Path) -> tuple[str, str]:
    """Run the Python of an environment; return what it printed."""
    done = subprocess.run(
        [environment / "bin" / "python", *arguments],
        env={**os.environ, "PYTHONPATH": SOURCES, "PATH": str(path)},
        capture_output=True,
        text=True,
    )
    return done.stdout, done.stderr


FIND = ("-c", "from datalab_kernel.xeus import program; print(program.find())")


@ON_POSIX
def test_the_environments_program_comes_before_those_on_path(
    environment: Path, tmp_path: Path
) -> None:
    elsewhere = make_program(tmp_path / "elsewhere")
    path = tmp_path / "elsewhere"
    assert in_environment(environment, *FIND, path=path) == (f"{elsewhere}\n", "")

    own = make_program(environment / "bin")

    assert in_environment(environment, *FIND, path=path) == (f"{own}\n", "")


@ON_POSIX
def test_without_module_and_program_the_launcher_says_where_to_get_them(
    environment: Path, tmp_path: Path
) -> None:
    launcher = ("-m", "datalab_kernel.launcher", "-f", "x")

    printed, error = in_environment(environment, *launcher, path=tmp_path)

    assert printed == ""
    assert "No module named 'xpython'" in error
    assert "To solve this: " in error
    assert "Traceback" not in error


# -- the program as a child, as on Windows ---------------------------------------------


def test_the_exit_code_of_a_child_is_returned() -> None:
    code = (
        "import sys; from datalab_kernel.xeus import child\n"
        "print(child.run([sys.executable, '-c', 'raise SystemExit(3)'], {}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("3\n", "")
