"""The cells of an IPython shell, as the history of objects knows them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from datalab_workspace.history.cells import running_cell

RUNNING = "from datalab_workspace.history.cells.running_cell import current as cell"


def numbers(shell: Any, *texts: str) -> list[int]:
    """Run cells and return the numbers that they see."""
    found: list[int] = []
    shell.ip.user_ns["note"] = lambda: found.append(running_cell.current().number)
    for text in texts:
        shell.ip.run_cell(text, store_history=True)
    return found


def test_a_cell_knows_the_number_that_the_front_end_shows(loaded: Any) -> None:
    first = loaded.ip.execution_count

    found = numbers(loaded, "note()", "x = 1", "note()", "import asyncio", "note()")

    assert found == [first, first + 2, first + 4]
    assert running_cell.current() is None


def test_the_first_cell_after_the_extension_is_numbered_right(shell: Any) -> None:
    assert numbers(shell, "%load_ext datalab_kernel_core", "note()") == [2]


@pytest.mark.parametrize(
    "text",
    [
        "get_ipython().run_cell('note()')",
        "get_ipython().run_cell('note()', store_history=True)",
        "%time note()",
        "%%time\nnote()",
        "import asyncio\nawait asyncio.sleep(0)\nnote()",
        "import asyncio\nasync def f(): note()\nawait asyncio.create_task(f())",
        "import threading\nt = threading.Thread(target=note)\nt.start()\nt.join()",
    ],
)
def test_all_code_of_a_cell_belongs_to_it(loaded: Any, text: str) -> None:
    number = loaded.ip.execution_count

    assert numbers(loaded, text) == [number]
    assert running_cell.current() is None


def test_the_rest_of_a_cell_belongs_to_it_after_an_inner_one(loaded: Any) -> None:
    number = loaded.ip.execution_count

    assert numbers(loaded, "get_ipython().run_cell('x = 1')\nnote()") == [number]


def test_a_cell_that_a_front_end_hides_has_no_number(loaded: Any) -> None:
    found: list[int] = []
    loaded.ip.user_ns["note"] = lambda: found.append(running_cell.current().number)

    loaded.ip.run_cell("note()", store_history=False)

    assert found == [0]


def test_a_cell_that_fails_is_known_to_have_failed(loaded: Any) -> None:
    cells: list[Any] = []
    loaded.ip.user_ns["note"] = lambda: cells.append(running_cell.current())

    loaded.ip.run_cell("note(); 1 / 0")
    loaded.ip.run_cell("note()")

    assert [cell.failed for cell in cells] == [True, False]


def test_a_cell_whose_end_is_not_reported_ends_with_the_next(loaded: Any) -> None:
    callbacks = loaded.ip.events.callbacks["post_run_cell"]
    reported = callbacks[:]
    callbacks.clear()
    loaded.run("lost = 1")
    callbacks[:] = reported
    assert running_cell.current() is not None

    number = loaded.ip.execution_count
    assert numbers(loaded, "note()") == [number]
    assert running_cell.current() is None


def test_without_the_extension_cells_are_not_known(loaded: Any) -> None:
    loaded.run("%unload_ext datalab_kernel_core")

    assert loaded.run(f"{RUNNING}; cell()") is None
    loaded.run("%load_ext datalab_kernel_core")
    assert loaded.run("cell()").text == "cell()"


@pytest.fixture
def big(loaded: Any) -> Any:
    """A shell whose workspace has an image of 16 MiB in the variable `im`."""
    for text in (
        "workspace.add('big', create_image('big', np.zeros((8192, 1024), 'u2')))",
        "im = workspace['big']",
    ):
        loaded.ip.run_cell(text, store_history=True)
    return loaded


def cells_of(shell: Any, name: str) -> list[int]:
    """Return the numbers of the cells that changed or made an object by code."""
    history = shell["workspace"].history(name)
    return [step.cell for step in history.steps if step.code]


@pytest.mark.parametrize(
    "change",
    [
        "im.data[4001, 77] = 1",
        "view = im.data; view[4001, 77] = 1",
        "def change(): im.data[4001, 77] = 1\nchange()",
        "images = [im]\nfor one in images: one.data[4001, 77] = 1",
    ],
)
def test_one_pixel_is_noticed_in_the_cell_that_changed_it(
    big: Any, change: str
) -> None:
    number = big.ip.execution_count
    for text in (change, "other = im.data.shape", "workspace['after'] = im"):
        big.ip.run_cell(text, store_history=True)

    assert cells_of(big, "after") == [number]


def test_one_pixel_of_128_mib_is_noticed_in_the_cell_that_changed_it(
    loaded: Any,
) -> None:
    number = loaded.ip.execution_count
    for text in (
        "workspace['huge'] = create_image('huge', np.zeros((8192, 8192), 'u2'))",
        "im = workspace['huge']",
        "im.data[4001, 77] = 1",
        "im.data.shape",
        "workspace['after'] = im",
    ):
        loaded.ip.run_cell(text, store_history=True)

    assert cells_of(loaded, "after") == [number + 2]


def test_one_pixel_of_a_view_that_was_made_before_is_noticed(big: Any) -> None:
    number = big.ip.execution_count
    for text in ("view = im.data", "view[4001, 77] = 1", "workspace['after'] = im"):
        big.ip.run_cell(text, store_history=True)

    assert cells_of(big, "after") == [number + 1]


def test_one_pixel_of_a_result_is_noticed(big: Any) -> None:
    number = big.ip.execution_count
    for text in (
        "import sigima.proc.image as spi; a = spi.inverse(im); b = spi.inverse(im)",
        "a.data[4001, 77] = 1",
        "workspace['a'] = a",
        "c = spi.inverse(im); c.data[4001, 77] = 1",
        "workspace['c'] = c; workspace['b'] = b",
    ):
        big.ip.run_cell(text, store_history=True)

    assert cells_of(big, "a") == [number + 1]
    assert cells_of(big, "c") == [number + 3]
    assert cells_of(big, "b") == []


def test_what_takes_too_long_is_found_later_and_blamed_on_several(
    big: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmation = sys.modules["datalab_workspace.history.recording.confirmation"]
    monkeypatch.setattr(confirmation, "BUDGET", 0.0)
    for text in ("im.data[4001, 77] = 1", "x = 1", "workspace['after'] = im"):
        big.ip.run_cell(text, store_history=True)

    (step,) = [s for s in big["workspace"].history("after").steps if s.code]
    (reason,) = big["workspace"].history("after").gaps
    assert "or an earlier one" in reason
    assert step.cell == big.ip.execution_count - 1


def test_small_changes_are_blamed_on_their_cells(loaded: Any) -> None:
    loaded.ip.run_cell("workspace['raw'] = np.arange(50.0)", store_history=True)
    number = loaded.ip.execution_count
    for text in ("n = workspace['raw']", "n.y = n.y + 1", "k = 2", "n.y = n.y * k",
                 "workspace['final'] = n"):  # fmt: skip
        loaded.ip.run_cell(text, store_history=True)

    assert cells_of(loaded, "final") == [number + 1, number + 3]
    assert loaded["workspace"].replay("final", code=True).verdict == "identical"


def test_a_read_only_view_is_not_compared(
    big: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmation = sys.modules["datalab_workspace.history.recording.confirmation"]
    looked: list[Any] = []
    monkeypatch.setattr(
        confirmation, "note_change", lambda obj, *_, **__: looked.append(obj)
    )
    big.run("view = workspace.get('big', copy=False)")
    big.run("view.data.sum()")
    assert looked == []

    big.run("im.data.sum()")
    assert looked == [big["im"]]


def test_a_script_that_a_cell_runs_binds_only_its_own_names(
    loaded: Any, tmp_path: Path
) -> None:
    (tmp_path / "setup.py").write_text("scale = 3.0\nshift = 1.0\n")
    cells: dict[str, Any] = {}

    def run(text: str) -> str:
        loaded.ip.user_ns["note"] = lambda: cells.update({text: running_cell.current()})
        assert loaded.ip.run_cell(f"note()\n{text}").success
        return text

    first = run("a = 2.0")
    script = run(f"%run {tmp_path / 'setup.py'}")
    without, using = run("b = a + 1"), run("c = a * scale")

    def needed(text: str) -> list[Any]:
        return [key for key, cell in cells.items() if cell in cells[text].needs]

    assert needed(without) == [first]
    assert needed(using) == [first, script]

    sharing = run(f"%run -i {tmp_path / 'setup.py'}")
    assert needed(run("d = a + 2")) == [first, sharing]
