"""xeus-python 0.19 with xeus-python-shell 0.7, as conda-forge pairs them.

This shell has a loop runner of two arguments, does not transform cells, as IPython from
9 on expects, and does not trigger IPython's events after a cell.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from datalab_kernel import kernelspec
from support.kernel_rules import KernelRules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUIREMENTS = Path(__file__).with_name("xeus_python_shell_0_7.txt")
NAME = "on-xeus-python-shell-0.7"

# The first of them may have to install the shell.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def spec(packages_of: Callable[[Path], Path], jupyter_data: Path) -> str:
    """The name of a kernelspec with that shell."""
    env = {"PYTHONPATH": str(packages_of(REQUIREMENTS))}
    kernelspec.write(jupyter_data / "kernels" / NAME, kernelspec.kernel_dict(env=env))
    return NAME


@pytest.fixture(scope="module")
def paired(spec: str, running: Callable) -> Iterator:
    """One kernel for the tests of this module."""
    with running(spec) as kernel:
        yield kernel


def test_it_is_that_version(paired) -> None:
    version = "__import__('importlib.metadata').metadata.version('xeus-python-shell')"

    assert paired.value(version) == "'0.7.0'"


class TestPaired(KernelRules):
    """The rules of every kernel."""

    @pytest.fixture
    def ruled(self, paired: Any) -> Any:
        return paired


def test_every_repair_is_active(paired) -> None:
    paired.run("from datalab_kernel.xeus import registry")

    assert paired.value("[n for n, why in registry.report().items() if why]") == "[]"


def test_a_figure_is_shown_after_its_cell(paired) -> None:
    """Matplotlib shows it when IPython triggers `post_execute`."""
    cell = paired.run("plt.plot([1, 2]);")

    assert [set(data) for data in cell.displayed] == [{"image/png", "text/plain"}]


def test_cells_behind_an_error_are_not_run(paired) -> None:
    first = paired.submit("import time; time.sleep(0.3); 1 / 0", stop_on_error=True)
    behind = paired.submit("left = 1", stop_on_error=True)

    assert paired.finish(first).status == "error"
    assert paired.finish(behind).status in ("aborted", "error")
    assert paired.value("'left' in globals()") == "False"


def test_all_printed_text_arrives(paired) -> None:
    cell = paired.run("for number in range(20_000): print(number)")

    assert cell.stdout == "".join(f"{number}\n" for number in range(20_000))


def test_a_cell_has_one_number(paired) -> None:
    cell = paired.run("len(In) - 1")

    assert cell.result == str(cell.shown["execution_count"])


def test_a_widget_is_shown_and_follows_the_front_end(paired) -> None:
    cell = paired.run("import ipywidgets\nslider = ipywidgets.IntSlider(7)\nslider")
    view = cell.shown["data"]["application/vnd.jupyter.widget-view+json"]
    change = {"method": "update", "state": {"value": 42}, "buffer_paths": []}
    content = {"comm_id": view["model_id"], "data": change}
    paired.client.shell_channel.send(paired.client.session.msg("comm_msg", content))

    assert paired.value("slider.value") == "42"


def test_it_ends_with_code_0(spec: str, start: Callable) -> None:
    kernel = start(spec)
    assert kernel.run("plt.plot([1, 2])").status == "ok"

    assert kernel.shut_down() == 0
