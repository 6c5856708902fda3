"""Starting, restarting and ending a kernel by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMESPACE = (
    "workspace",
    "plotter",
    "sigima",
    "np",
    "plt",
    "create_signal",
    "create_image",
)


def test_the_kernel_introduces_itself_as_python(kernel) -> None:
    kernel.client.kernel_info()
    content = kernel.client.get_shell_msg(timeout=30)["content"]

    assert content["status"] == "ok"
    assert content["language_info"]["name"] == "python"
    assert content["implementation"] == "xeus-python"


def test_cells_print_compute_and_fail_as_they_should(kernel) -> None:
    assert kernel.run("print('é', 1)").stdout == "é 1\n"
    assert kernel.value("6 * 7") == "42"
    failed = kernel.run("1 / 0")
    assert failed.status == "error"
    assert "ZeroDivisionError" in failed.error


@pytest.mark.parametrize("name", NAMESPACE)
def test_the_namespace_is_there_from_the_first_cell(kernel, name: str) -> None:
    assert kernel.run(name).status == "ok"


def test_user_code_sees_no_trace_of_the_launcher_in_its_arguments(kernel) -> None:
    assert kernel.value("len(__import__('sys').argv)") == "1"
    assert kernel.value("__name__") == "'__main__'"


def test_loading_the_extension_again_keeps_the_workspace(kernel) -> None:
    kernel.run(
        "workspace.add('kept', np.arange(5.0), overwrite=True)\nbefore = workspace"
    )

    loaded = kernel.run("%load_ext datalab_kernel\n%reload_ext datalab_kernel")

    assert loaded.status == "ok"
    assert kernel.value("workspace is before") == "True"
    assert kernel.value("list(workspace)") == "['kept']"


def test_a_restart_begins_afresh(start: Callable) -> None:
    kernel = start()
    kernel.run("mine = 1")
    first = kernel.process.pid

    kernel.restart()

    assert kernel.process.pid != first
    assert kernel.run("mine").status == "error"
    assert kernel.run("workspace").status == "ok"


def test_the_stock_kernel_still_crashes_when_something_prints_at_exit(
    start: Callable,
) -> None:
    """The defect that `repairs.shutdown` cures; when this fails, drop it."""
    stock = start("xpython")
    stock.run("import atexit\natexit.register(print, 'ended')")

    stock.client.shutdown()

    assert stock.process.wait(timeout=30) != 0


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("", id="idle"),
        pytest.param("workspace; np.arange(3); plt.figure()", id="used"),
        pytest.param("1 / 0", id="after an error"),
        pytest.param("import atexit; atexit.register(print, 1)", id="prints"),
        pytest.param(
            "import threading, time; threading.Thread(target=time.sleep, args=[0.5])"
            ".start()",
            id="with a thread",
        ),
    ],
)
def test_an_idle_kernel_ends_in_order(
    start: Callable, tmp_path: Path, code: str
) -> None:
    kernel = start()
    kernel.run(leaves(tmp_path))
    kernel.run(code)

    assert kernel.shut_down() == 0
    assert left(tmp_path) == {"handler", "written"}


def test_a_busy_kernel_is_interrupted_and_ends_in_order(
    start: Callable, tmp_path: Path
) -> None:
    kernel = start()
    kernel.run(leaves(tmp_path))
    kernel.begin("print('running')\nwhile True: pass", until="running")

    assert kernel.shut_down() == 0
    assert left(tmp_path) == {"handler", "written"}


def leaves(folder: Path) -> str:
    """Code that leaves a file at exit, and another that it never closes."""
    return (
        "import atexit, pathlib\n"
        f"folder = pathlib.Path({str(folder)!r})\n"
        "atexit.register((folder / 'handler').write_text, 'x')\n"
        "never_closed = open(folder / 'written', 'w')\n"
        "never_closed.write('x')\n"
    )


def left(folder: Path) -> set[str]:
    """The files in a folder that are not empty."""
    return {p.name for p in folder.iterdir() if p.is_file() and p.stat().st_size}
