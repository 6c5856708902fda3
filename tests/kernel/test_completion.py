"""The completion of DataLab names in a kernel that has just started."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from support.three_kernels import EITHER

if TYPE_CHECKING:
    from conftest import Kernel

PATIENCE = 30
LOADED = "[m for m in ('jedi', 'numpy', 'sigima') if m in __import__('sys').modules]"
LOAD = "%load_ext datalab_kernel"


def complete(kernel: Kernel, code: str) -> set[str]:
    """Ask a kernel to complete a cell; return the cells that it proposes."""
    reply = kernel.client.complete(code, reply=True, timeout=PATIENCE)["content"]
    assert reply["status"] == "ok"
    begin, end = code[: reply["cursor_start"]], code[reply["cursor_end"] :]
    return {begin + match + end for match in reply["matches"]}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("workspace.", "workspace.add"),
        ("plotter.", "plotter.plot"),
        ("x = sigima.", "x = sigima.SignalObj"),
        ("sigima.proc.image.but", "sigima.proc.image.butterworth"),
        ('workspace.get("pea', None),
        ('workspace["', None),
        ("workspace.calc.gaussian_fil", "workspace.calc.gaussian_filter"),
        ('workspace.calc("gaussian_fil', 'workspace.calc("gaussian_filter'),
        ('workspace.calc("gaussian_filter", on="', None),
        ('workspace.features("s', 'workspace.features("signal'),
    ],
)
def test_the_first_request_is_answered_without_jedi_and_imports(
    start: Callable[..., Kernel], code: str, expected: str | None
) -> None:
    kernel = start(DATALAB_KERNEL_WARMUP="0")

    found = complete(kernel, code)

    assert (expected in found) if expected else found == set()
    assert kernel.value(LOADED) == "[]"


@pytest.mark.parametrize("name", EITHER)
def test_names_and_attributes_are_all_that_is_completed(
    start: Callable[..., Kernel], name: str
) -> None:
    kernel = start(name)
    kernel.run(LOAD)
    kernel.run("for name in ('peak', 'Peaks'): workspace.add(name, np.ones(3))")

    assert complete(kernel, 'workspace.get("pea') == {'workspace.get("peak'}
    assert complete(kernel, 'workspace["Pe') == {'workspace["Peaks'}
    assert complete(kernel, "plotter.plot('") == {
        "plotter.plot('peak",
        "plotter.plot('Peaks",
    }
    assert complete(kernel, "workspace.ca") == {
        "workspace.calc",
        "workspace.capabilities",
    }
    assert complete(kernel, 'workspace.calc("gaussian_filter", on="pea') == {
        'workspace.calc("gaussian_filter", on="peak'
    }
    assert complete(kernel, 'workspace.calc("gaussian_filter", on="peak", si') == {
        'workspace.calc("gaussian_filter", on="peak", sigma='
    }
    assert complete(kernel, 'workspace.calc.moving_average("peak", mode=') == {
        f'workspace.calc.moving_average("peak", mode="{mode}"'
        for mode in ("reflect", "constant", "nearest", "mirror", "wrap")
    }
    assert complete(kernel, "workspace.calc.fft(on=") == {
        f'workspace.calc.fft(on="{object_name}"' for object_name in ("peak", "Peaks")
    }
    several = 'workspace.calc.moving_average(\n    "peak",\n    mode="n'
    assert complete(kernel, several) == {f"{several}earest"}
    assert complete(kernel, 'workspace.features(search="') == set()
    assert kernel.value("'jedi' in __import__('sys').modules") == "False"
    kernel.run("workspace.calc.x_at_minmax('peak'); results = workspace.results()")
    assert complete(kernel, 'results["') == {'results["X@Ymin', 'results["X@Ymax'}


@pytest.mark.parametrize("name", EITHER)
def test_the_help_of_a_feature_shows_its_parameters(
    start: Callable[..., Kernel], name: str
) -> None:
    kernel = start(name)
    kernel.run(LOAD)
    code = "workspace.calc.moving_average"

    reply = kernel.client.inspect(code, reply=True, timeout=PATIENCE)["content"]

    text = re.sub(r"\x1b\[[0-9;]*m", "", reply["data"]["text/plain"])
    assert "n: int = 3" in text
    assert "In DataLab: Processing > Noise reduction > Moving average" in text
    assert "a whole number of at least 1. Default: 3." in text
    assert "Call signature" not in text


def test_other_names_are_completed_as_ever(start: Callable[..., Kernel]) -> None:
    kernel = start()
    kernel.run("class Own:\n    def method(self): ...\nown = Own()")

    assert "own.method" in complete(kernel, "own.me")
    assert "np.linspace" in complete(kernel, "np.linsp")
