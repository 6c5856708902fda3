"""Pictures and numbers of sigima's objects, in a page as outside of browsers.

The Pyodide has NumPy, SciPy, pandas and Matplotlib, but not h5py, scikit-image and
PyWavelets: stand-ins for them raise where a result would depend on them.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from PIL import Image

from support.browser import kernel_packages, pictured_cells, pyodide_site
from support.browser.http_server import served
from support.browser.kernel_page import KernelPage, Result
from support.picture_difference import difference
from support.ready_kernel import ready, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LOAD = "%load_ext datalab_kernel"
PACKAGES = ("sigima", "guidata", "imageio", "makefun", "qtpy")
STAND_INS = Path(pyodide_site.__file__).parent / "stand_ins" / "stand_ins.py"
NUMBERS = pictured_cells.numeric_cells()
#: Of SciPy 1.14 in the page and a later one outside, in units of the largest value.
TOLERANCE = 1e-9
#: Fits end where their own tolerance is met.
TOLERANCE_OF_FITS = 1e-5
#: By how much the same picture differs, at most, and another picture, at least.
SAME, OTHER = 1e-4, 1e-3


@pytest.fixture(scope="module")
def page(
    launch: Callable[..., Any], python_of: Callable[[Path], Path]
) -> Iterator[KernelPage]:
    """A kernel in a page, which has our packages, sigima, and stand-ins."""
    python = python_of(pyodide_site.REQUIREMENTS)
    site = pyodide_site.built_site(python)
    folder = kernel_packages.installed("sigima").parent
    sources = [*kernel_packages.with_metadata(folder, PACKAGES), STAND_INS]
    with served(site, pyodide_site.site_files(site, python, sources)) as url:
        tab = launch().new_page()
        tab.set_default_timeout(240_000)
        tab.goto(f"{url}/lab/index.html?reset")
        kernel = KernelPage(tab, "python")
        kernel.run(pyodide_site.first_cell(url, "scipy", "pandas"))
        kernel.run("import stand_ins\nstand_ins.install()")
        kernel.run(LOAD)
        kernel.run(pictured_cells.SETUP)
        yield kernel


@pytest.fixture(scope="module")
def outside() -> Iterator[Callable[[str], Result]]:
    """Run a cell outside of browsers, where all packages are installed."""
    with ready("python3", KernelSpecManager()) as kernel:

        def execute(code: str) -> Result:
            result = Result("ok")

            def collect(message: dict[str, Any]) -> None:
                output = {"type": message["msg_type"], "content": message["content"]}
                result.outputs.append(output)

            run(kernel.client, code, collect)
            return result

        execute(LOAD)
        execute(pictured_cells.SETUP)
        yield execute


def picture(result: Result) -> Image.Image:
    (encoded,) = result.data("image/png")
    return Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")


def numbers(result: Result) -> dict[str, np.ndarray]:
    line = next(line for line in result.text.splitlines() if line.startswith("{"))
    return {name: np.asarray(values) for name, values in json.loads(line).items()}


def test_pictures_are_those_of_other_kernels(
    page: KernelPage, outside: Callable[[str], Result], tmp_path: Path
) -> None:
    shown = {}
    for name, code in pictured_cells.PICTURES.items():
        shown[name] = picture(page.run(code)), picture(outside(code))
        for where, image in zip(("page", "outside"), shown[name], strict=True):
            image.save(tmp_path / f"{name} {where}.png")

    differences = {name: difference(*pair) for name, pair in shown.items()}
    assert {name: d for name, d in differences.items() if d > SAME} == {}, tmp_path
    confused = {
        (one, other): difference(shown[one][0], shown[other][1])
        for one, other in itertools.combinations(shown, 2)
    }
    assert {pair: d for pair, d in confused.items() if d < OTHER} == {}, tmp_path


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_those_of_other_kernels(
    page: KernelPage, outside: Callable[[str], Result], name: str
) -> None:
    ours, reference = (numbers(run(NUMBERS[name])) for run in (page.run, outside))

    assert ours.keys() == reference.keys()
    tolerance = TOLERANCE_OF_FITS if name.startswith("fit") else TOLERANCE
    for what, values in reference.items():
        limit = tolerance * np.max(np.abs(values), initial=1e-300)
        np.testing.assert_allclose(ours[what], values, 0, limit, err_msg=what)


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("workspace.calc('sobel', on='spot')", "skimage.filters.sobel"),
        ("workspace.calc('stats', on='marked')", "skimage.draw.rectangle"),
        ("workspace.calc('denoise_wavelet', on='spot')", "skimage.restoration"),
        ("workspace.save('peak.h5')", "h5py"),
    ],
)
def test_a_missing_package_is_not_stood_in_for_where_a_result_depends_on_it(
    page: KernelPage, code: str, missing: str
) -> None:
    result = page.execute(code)

    assert result.status == "error"
    assert missing in result.error
    assert "was used, and is not built for this Pyodide" in result.error
