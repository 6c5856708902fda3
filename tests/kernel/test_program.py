"""The kernel inside the program `xpython`, as conda-forge and Debian package it.

Debian's program is xeus-python 0.14.3. It runs cells as calls and ends by `exit`. It
lacks what widgets and the repair of the output streams need; `test_start_hook` tests
the widgets.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import pytest

from datalab_kernel import kernelspec
from support.environments import SOURCES
from support.kernel_rules import BUSY, KernelRules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUIREMENTS = Path(__file__).with_name("xpython_program.txt")
NAME = "in-the-program"
# Python imports it in the program, which prints where that Python comes from.
IDENTIFY = """
import json, os, sys
print(json.dumps([sys.prefix, *sys.version_info[:2]]), flush=True)
os._exit(0)
"""

# A process that shows whether it inherited anything from the start of the kernel.
CHILD = """
import json, os, sys
hook = [path for path in sys.path if "start_hook" in path]
variables = {name: os.environ.get(name) for name in ("PYTHONPATH", "PATH")}
print(json.dumps([hook, "DATALAB_KERNEL_PROGRAM" in os.environ, variables]))
"""

# The first of them may have to make the environment.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def program(
    requirement: Callable, system_packages_hint: str, tmp_path_factory
) -> tuple[str, str]:
    """The path of the system's program, and of the Python that is inside it."""
    path = shutil.which("xpython")
    requirement(path, f"there is no program xpython; {system_packages_hint}")
    folder = tmp_path_factory.mktemp("identify")
    (folder / "sitecustomize.py").write_text(IDENTIFY)
    answer = subprocess.run(
        [path],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    prefix, *version = json.loads(answer.stdout)
    python = Path(prefix, "bin", "python{}.{}".format(*version))
    requirement(python.exists(), f"{python}, which {path} contains, is not installed")
    return path, str(python)


@pytest.fixture(scope="module")
def python(program: tuple[str, str], python_of: Callable) -> Path:
    """An environment of the program's Python, with what the kernel needs."""
    return python_of(REQUIREMENTS, base=program[1])


@pytest.fixture(scope="module")
def spec(python: Path, jupyter_data: Path) -> Callable[..., str]:
    """Write a kernelspec for that environment, with further folders on its path.

    Returns its name.
    """

    def write(name: str = NAME, *folders: Path, argv: list[str] | None = None) -> str:
        path = os.pathsep.join([*map(str, folders), SOURCES])
        content = kernelspec.kernel_dict(env={"PYTHONPATH": path}) | {
            "argv": argv or kernelspec.make_kernel_cmd(str(python))
        }
        kernelspec.write(jupyter_data / "kernels" / name, content)
        return name

    return write


@pytest.fixture(scope="module")
def inside(spec: Callable[..., str], running: Callable) -> Iterator:
    """One kernel for the tests of this module."""
    with running(spec()) as kernel:
        yield kernel


def test_the_program_replaces_the_launcher(inside, program: tuple[str, str]) -> None:
    process = Path("/proc", str(inside.process.pid), "exe")

    assert inside.process.args[1:3] == ["-m", "datalab_kernel.launcher"]
    assert process.samefile(program[0])


def test_its_python_is_that_of_the_launcher(inside, python: Path) -> None:
    inside.run("import sys")

    assert inside.value("sys.executable") == repr(str(python))
    assert inside.value("sys.prefix") == repr(str(python.parents[1]))
    # Debian's own packages would come first in the program.
    assert inside.value("[p for p in sys.path if 'dist-packages' in p]") == "[]"


def test_user_code_sees_no_trace_of_the_launcher_in_its_arguments(inside) -> None:
    assert inside.value("len(__import__('sys').argv)") == "1"


class TestInTheProgram(KernelRules):
    """The rules of every kernel."""

    @pytest.fixture
    def ruled(self, inside: Any) -> Any:
        return inside


def test_cells_behind_an_error_are_not_run(
    spec: Callable[..., str], start: Callable, tmp_path: Path
) -> None:
    """This xeus-python also drops what comes in the moment after."""
    kernel, left = start(spec()), tmp_path / "left"
    for code in ("import time; time.sleep(0.3); 1 / 0", f"open({str(left)!r}, 'w')"):
        kernel.client.execute(code)
    replies = [kernel.client.get_shell_msg(timeout=30)["content"] for _ in range(2)]

    assert [reply["status"] for reply in replies] == ["error", "error"]
    assert not left.exists()


def test_printed_text_arrives(inside) -> None:
    """Of many thousand lines, this xeus-python drops some."""
    cell = inside.run(
        "import sys\n"
        "for number in range(200): print(number)\n"
        "print('failure', file=sys.stderr)"
    )

    assert cell.stdout == "".join(f"{number}\n" for number in range(200))
    assert cell.stderr == "failure\n"


def test_a_child_process_inherits_nothing_from_the_start(inside) -> None:
    inside.run("import os, subprocess, sys")

    printed = inside.run(
        f"print(subprocess.run([sys.executable, '-c', {CHILD!r}], check=True,"
        " capture_output=True, text=True).stdout)"
    ).stdout

    variables = {"PYTHONPATH": SOURCES, "PATH": os.environ["PATH"]}
    assert json.loads(printed) == [[], False, variables]
    assert inside.value("[path for path in sys.path if 'start_hook' in path]") == "[]"


def test_the_users_sitecustomize_runs(
    spec: Callable[..., str], start: Callable, tmp_path: Path
) -> None:
    """It runs before the kernel is prepared, and an error in it does no harm."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "sys.customized = 'IPython' in sys.modules\n"
        "raise RuntimeError('after that')\n"
    )
    kernel = start(spec("customized", tmp_path))

    assert kernel.value("__import__('sys').customized") == "False"
    assert kernel.run("workspace").status == "ok"


def leaves(folder: Path) -> str:
    """Code that leaves a file at exit, and another that it never closes."""
    return (
        "import atexit, pathlib\n"
        f"folder = pathlib.Path({str(folder)!r})\n"
        "atexit.register((folder / 'handler').write_text, 'x')\n"
        "never_closed = open(folder / 'written', 'w')\n"
        "never_closed.write('x')\n"
    )


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("", id="idle"),
        pytest.param("workspace; np.arange(3); plt.figure()", id="used"),
        pytest.param("1 / 0", id="after an error"),
        pytest.param("import atexit; atexit.register(print, 1)", id="prints"),
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
    spec: Callable[..., str], start: Callable, tmp_path: Path, code: str
) -> None:
    kernel = start(spec())
    kernel.run(leaves(tmp_path))
    kernel.run(code)

    assert kernel.shut_down() == 0
    assert (tmp_path / "handler").read_text() == "x"
    assert (tmp_path / "written").read_text() == "x"


def test_a_busy_kernel_is_interrupted_and_ends_with_code_0(
    spec: Callable[..., str], start: Callable, tmp_path: Path
) -> None:
    kernel = start(spec())
    kernel.run(leaves(tmp_path))
    kernel.begin(BUSY, until="running")

    assert kernel.shut_down() == 0
    assert (tmp_path / "handler").read_text() == "x"


def test_open_hdf5_files_are_closed(
    spec: Callable[..., str], start: Callable, tmp_path: Path
) -> None:
    path = tmp_path / "left.h5"
    kernel = start(spec())
    kernel.run(
        f"import h5py, sys\nsys.kept = h5py.File({str(path)!r}, 'w')\n"
        "sys.also_kept = sys.kept.create_dataset('x', data=[1, 2, 3])"
    )

    assert kernel.shut_down() == 0
    with h5py.File(path) as file:
        assert file["x"][:].tolist() == [1, 2, 3]


def test_a_restart_begins_afresh(spec: Callable[..., str], start: Callable) -> None:
    kernel = start(spec())
    kernel.run("mine = 1")

    kernel.restart()

    assert kernel.run("mine").status == "error"
    assert kernel.run("workspace").status == "ok"


# As the launcher starts the program on Windows, but for the job that ends it.
AS_CHILD = """
import sys
from datalab_kernel.xeus import child, interrupts, program
path = program.find()
interrupts.block()
sys.exit(child.run([path, *sys.argv[1:]], program.environment(path, sys.argv)))
"""


def test_as_a_child_process_it_is_interrupted_and_ends_with_code_0(
    spec: Callable[..., str], start: Callable, python: Path
) -> None:
    argv = [str(python), "-c", AS_CHILD, "-f", "{connection_file}"]
    kernel = start(spec("as-a-child", argv=argv))
    kernel.run("workspace.add('kept', np.arange(3.0))")

    cell = kernel.begin(BUSY, until="running")
    kernel.interrupt()

    assert kernel.finish(cell).status == "error"
    assert kernel.value("list(workspace)") == "['kept']"
    assert kernel.value("__import__('os').getpid()") != str(kernel.process.pid)
    assert kernel.shut_down() == 0


def test_doctor_names_the_program(python: Path, program: tuple[str, str]) -> None:
    code = (
        "from datalab_kernel.doctor import environment\n"
        "for finding in environment.check_packages(): print(*finding.lines())"
    )
    done = subprocess.run(
        [python, "-c", code],
        env={**os.environ, "PYTHONPATH": SOURCES},
        capture_output=True,
        text=True,
        check=True,
    )

    version = r"^ok    xeus-python 0\.\d+\.\d+, its program (.*)$"
    assert re.findall(version, done.stdout, re.MULTILINE) == [program[0]]


def test_a_python_of_another_version_is_named(
    program: tuple[str, str], tmp_path: Path
) -> None:
    """The launcher of an environment finds the program of the system on PATH."""
    code = (
        "import json, os, sys; from datalab_kernel.xeus import program\n"
        f"env = program.environment({program[0]!r}, sys.argv)\n"
        "instructions = json.loads(env[program.VARIABLE]) | {'version': [3, 99]}\n"
        "env[program.VARIABLE] = json.dumps(instructions)\n"
        f"os.execve({program[0]!r}, ['xpython'], env)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )

    assert ended.returncode == 1
    assert f"The program {program[0]} runs Python 3." in ended.stderr
    assert f"the kernel's Python, {sys.executable}, is 3.99" in ended.stderr
