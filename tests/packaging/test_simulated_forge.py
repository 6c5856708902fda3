"""A page with the packages of environment.yml, simulated on the Python of this machine.

The packages are those that conda and pip install for the environment, packed as
jupyterlite-xeus packs them. Their compiled parts are this machine's. The module `page`
in tests/support/forge/inside says what is simulated and what is not.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sigima

from support.forge import packages
from support.forge.kernel import PageKernel, environment

ROOT = Path(__file__).parents[2]
#: Packages that take long to import.
HEAVY = {"anywidget", "h5py", "matplotlib", "pandas", "requests", "scipy", "sigima"}
#: Modules that go on after a refusal. A thread would report that the fonts take so
#: long; a socket would show whether there is IPv6.
TOLERATED = ("matplotlib.font_manager", "urllib3.util.connection")
#: The others need threads, processes, a running DataLab or a real page.
NOT_IN_A_PAGE = (
    *("batch", "cluster", "history_replay", "live", "live_roi"),
    "quickstart",  # has a test of its own
)
NOTEBOOKS = sorted(
    path
    for path in (ROOT / "notebooks").rglob("*.ipynb")
    if not path.stem.startswith("jupyterlite")
    and path.stem not in NOT_IN_A_PAGE
    and not path.parent.name.startswith(".")
)
#: A site leaves most of them out.
SAMPLES = Path(sigima.__file__).with_name("data") / "tests"


@pytest.fixture(scope="module")
def page_packages(python_of: Callable[..., Path]) -> tuple[Path, Path]:
    """The interpreter of a page and the folder of its packages."""
    base = packages.python313()
    python = python_of(packages.CONDA, "--no-deps", base=base)
    tools = python_of(packages.TOOLS, "--no-deps", base=base)
    return python, packages.packed(python, tools)


@pytest.fixture(scope="module")
def page(
    page_packages: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PageKernel]:
    with closing(PageKernel(*page_packages, tmp_path_factory.mktemp("page"))) as kernel:
        loaded = kernel.run("%load_ext datalab_kernel")
        assert loaded.error == "", loaded.stdout
        assert HEAVY & set(loaded.imported) == set()
        assert loaded.refused == []
        yield kernel


@pytest.fixture(autouse=True)
def nothing_refused(page: PageKernel) -> Iterator[None]:
    """Fail if something asks for a socket, a thread or a process."""
    yield
    calls, page.refused = page.refused, []
    assert not_tolerated(calls) == []


def not_tolerated(calls: list[str]) -> list[str]:
    return [call for call in calls if not any(name in call for name in TOLERATED)]


def test_the_site_has_the_widgets_of_the_page(page_packages: tuple[Path, Path]) -> None:
    listed = page_packages[1].parents[2] / "labextensions.txt"
    assert {"anywidget", "@jupyter-widgets/jupyterlab-manager"} <= set(
        listed.read_text("utf-8").split()
    )


def test_it_is_a_page(page: PageKernel) -> None:
    assert page.value("import sys; sys.platform") == "emscripten"
    assert (
        "can't start new thread"
        in page.run("import threading; threading.Thread(target=print).start()").error
    )
    assert (
        "TimeoutError"
        in page.run(
            "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)"
        ).error
    )
    assert page.run("import subprocess; subprocess.run(['true'])").error
    assert [call.partition(":")[0] for call in page.refused] == ["thread", "socket"]
    page.refused.clear()
    assert "No module named 'cv2'" in page.run("import cv2").error


def test_the_quickstart(page: PageKernel) -> None:
    notebook = json.loads((ROOT / "notebooks" / "quickstart.ipynb").read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            outcome = page.run("".join(cell["source"]))
            assert outcome.error == "", outcome.stdout


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook(
    page_packages: tuple[Path, Path], tmp_path: Path, notebook: Path
) -> None:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    with closing(PageKernel(*page_packages, tmp_path)) as kernel:
        kernel.value("%load_ext datalab_kernel")
        for cell in cells:
            if cell["cell_type"] == "code":
                outcome = kernel.run("".join(cell["source"]))
                assert outcome.error == "", outcome.stdout
        assert not_tolerated(kernel.refused) == []


@pytest.mark.slow
def test_the_examples_of_docstrings(
    page_packages: tuple[Path, Path], tmp_path: Path
) -> None:
    """All run but those that need what a page does not have."""
    python, folder = page_packages
    names = [
        name.removesuffix(".__init__")
        for path in sorted(ROOT.glob("packages/*/src/**/*.py"))
        if ">>> " in path.read_text("utf-8")
        and "datalab_workspace.testing" not in (name := dotted(path))  # needs pytest
    ]
    done = subprocess.run(
        [python, "-S", "-s", packages.INSIDE / "examples.py", *names],
        capture_output=True,
        text=True,
        env=environment(folder, tmp_path),
    )

    assert done.returncode == 0, done.stderr
    failed = {name.rpartition(".")[2] for name in done.stdout.split()}
    assert failed == {
        *("to_xarray", "reduce_on_zoom"),  # xarray and ipympl are not in the page
        *("autosave", "Autosave", "active", "stop"),  # no file here outlives the page
        "load_ipython_extension",  # a shell like the terminal's starts a thread
    }


def dotted(path: Path) -> str:
    """Return the name of the module of a file."""
    return ".".join(path.with_suffix("").parts).rpartition(".src.")[2]


def test_the_snippet_of_the_readme(page: PageKernel) -> None:
    """It may work with an image of the reader's."""
    page.value("""
workspace.clear()
workspace.add("i042", create_image("i042", np.outer(np.hanning(64), np.hanning(64))))
""")
    readme = (ROOT / "README.md").read_text("utf-8")
    snippet = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert snippet is not None

    outcome = page.run(snippet[1])

    assert outcome.error == "", outcome.stdout


def test_every_sample_of_sigima_is_read(page: PageKernel) -> None:
    failed = page.value(
        f"""
from pathlib import Path
samples = Path({str(SAMPLES)!r})
import warnings
import datalab_workspace as dlw
failed = []
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for sample in sorted(samples.rglob("*.*")):
        if sample.suffix != ".json":
            kind = dict(kind="image") if sample.name == "tiling.txt" else dict()
            try:
                assert dlw.Workspace().read(sample, **kind)
            except Exception as error:
                failed.append(sample.name + ": " + repr(error))
"\\n".join(failed) or len([*samples.rglob("*.*")])
"""
    )

    assert isinstance(failed, int), failed
    assert failed > 60


FORMATS = {
    "signal": (".csv", ".txt", ".npy", ".mat", ".h5sig"),
    "image": (
        *(".png", ".bmp", ".tif", ".tiff", ".jp2", ".npy"),
        *(".txt", ".csv", ".mat", ".asc", ".h5ima"),
    ),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_of_sigima_is_written_and_read(
    page: PageKernel, kind: str
) -> None:
    failed = page.value(f"""
x = np.linspace(0, 1, 50)
made = {{
    "signal": lambda: create_signal("made", x, x**2),
    "image": lambda: create_image("made", np.arange(12, dtype=np.uint8).reshape(3, 4)),
}}
source, failed = dlw.Workspace(), []
source.add("made", made["{kind}"]())
for suffix in {FORMATS[kind]}:
    source.export("made", "made" + suffix, overwrite=True)
    target = dlw.Workspace()
    (name,) = target.read("made" + suffix, kind="{kind}")
    if not np.allclose(target.get(name).data, source.get("made").data):
        failed.append(suffix)
sigima.io.write_image("lossy.jpg", made["image"]())
dlw.Workspace().read("lossy.jpg")
failed or "none"
""")

    assert failed == "none"


@pytest.mark.parametrize("suffix", [".gel", ".tif"])
def test_compressed_files_that_no_page_reads_are_named(
    page: PageKernel, suffix: str
) -> None:
    outcome = page.run(f"""
from PIL import Image
picture = Image.fromarray(np.zeros((64, 64), np.uint8))
picture.save("small{suffix}", format="TIFF", compression="tiff_lzw")
dlw.Workspace().read("small{suffix}")
""")

    assert re.search(
        r"small\S+: its compression, LZW, cannot be read in a browser; "
        "save it without compression$",
        outcome.error,
    ), outcome.error
    assert len(outcome.chain) == 1


def test_raw_images_are_read(page: PageKernel) -> None:
    assert (
        page.value("""
np.arange(12, dtype="<u2").tofile("made.raw")
raw = dlw.Workspace()
(name,) = raw.read("made.raw", width=4, height=3, dtype="uint16")
int(raw.get(name).data[2, 3])
""")
        == 11
    )


@pytest.fixture
def curve(page: PageKernel) -> str:
    page.value("""
x = np.linspace(-5, 5, 500)
workspace.add("curve", create_signal("curve", x, np.exp(-(x**2))), overwrite=True)
workspace.add(
    "spot",
    create_image("spot", np.outer(np.hanning(64), np.hanning(64))),
    overwrite=True,
)
""")
    return "curve"


def test_projects_are_saved_and_loaded(page: PageKernel, curve: str) -> None:
    assert (
        page.value("""
workspace.save("page.h5", compression="gzip", overwrite=True)
lazy = dlw.open("page.h5")
loaded = dlw.Workspace()
loaded.load("page.h5")
workspace.save("page.npz", overwrite=True)
smaller = dlw.Workspace()
smaller.load("page.npz")
all(
    np.array_equal(other.get(name).data, workspace.get(name).data)
    for other in (lazy, loaded, smaller)
    for name in ("curve", "spot")
)
""")
        is True
    )


def test_nothing_is_saved_unasked(page: PageKernel, curve: str) -> None:
    assert (
        page.value("""
import os
before = {path: os.stat(path).st_mtime_ns for path in os.listdir()}
workspace.edit("curve", metadata={"operator": "A"})
workspace.rename("curve", "renamed")
workspace.rename("renamed", "curve")
{path: os.stat(path).st_mtime_ns for path in os.listdir()} == before
""")
        is True
    )


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("display(plotter.plot('curve'))", "image/png"),
        ("display(plotter.plot('spot'))", "image/png"),
        ("display(plotter.explore('curve'))", "image/png"),
        ("display(plotter.explore('spot'))", "image/png"),
        ("display(workspace.browse())", "text/html"),
        ("display(workspace)", "text/html"),
        ("display(workspace.describe())", "text/html"),
        ("display(workspace.features(search='wavelet'))", "text/html"),
    ],
)
def test_it_is_shown(page: PageKernel, curve: str, cell: str, shown: str) -> None:
    outcome = page.run(cell)

    assert outcome.error == "", outcome.stdout
    assert any(shown in types for types in outcome.shown), outcome.shown


def test_matplotlib_inline(page: PageKernel) -> None:
    outcome = page.run("%matplotlib inline\nplt.plot([1, 2, 3])\nplt.show()")

    assert outcome.error == "", outcome.stdout
    assert outcome.shown
    assert "image/png" in outcome.shown[0]


def test_features_compute(page: PageKernel, curve: str) -> None:
    assert page.value("""
workspace.calc("moving_average", on="curve", n=5)
workspace.calc("gaussian_fit", on="curve")
workspace.calc("denoise_wavelet", on="spot")
workspace.calc("butterworth", on="spot", cut_off=0.2)
width = workspace.calc("fwhm", on="curve", method="gauss").to_dataframe()
float(width.iloc[0, 3] - width.iloc[0, 1])
""") == pytest.approx(1.665, abs=0.001)


def test_a_history_is_replayed(page: PageKernel, curve: str) -> None:
    replayed = page.value("""
smooth = workspace.calc("gaussian_filter", on="spot", sigma=2.0)
assert "gaussian_filter" in str(workspace.history(smooth))
str(workspace.replay(smooth))
""")

    assert "identical" in replayed


def test_a_history_has_the_versions_of_packages_without_metadata(
    page: PageKernel,
) -> None:
    versions = page.value("""
from importlib.metadata import PackageNotFoundError, version
from datalab_workspace.history import environment
try:
    version("numpy")
except PackageNotFoundError:
    found = environment.here().versions["numpy"], environment.here().versions["scipy"]
str(found)
""")

    pinned = packages.CONDA.read_text("utf-8")
    numpy, scipy = re.findall(r"^(?:numpy|scipy)==(.*)$", pinned, re.MULTILINE)
    assert versions == str((numpy, scipy))


def test_a_batch_runs_in_the_process_of_the_page(page: PageKernel, curve: str) -> None:
    assert (
        page.value("""
signals = [workspace.get("curve")] * 3
run = dlw.batch.map(["moving_average", "normalize"], signals, out="smooth.h5")
run.done, run.failed, len(dlw.open("smooth.h5")), list(run.table.columns) != []
""")
        == "(3, 0, 3, True)"
    )


@pytest.mark.parametrize("on", ["threads", "processes", 2, "tcp://127.0.0.1:8786"])
def test_no_other_batch_is_begun(page: PageKernel, curve: str, on: object) -> None:
    error = page.run(
        f"dlw.batch.map('fwhm', [workspace.get('curve')], on={on!r})"
    ).error

    assert error.startswith("ValueError: ")
    assert error.endswith('in a browser; use on="serial"')


def test_a_datalab_out_of_reach_is_reported(page: PageKernel) -> None:
    assert (
        "UnreachableError" in page.run("workspace.connect('http://127.0.0.1:9')").error
    )


@pytest.mark.parametrize(
    ("cell", "package"),
    [
        ("workspace.calc('blob_opencv', on='spot')", "cv2"),
        ("workspace.to_xarray('spot')", "xarray"),
    ],
)
def test_a_package_that_is_missing_is_one_sentence(
    page: PageKernel, curve: str, cell: str, package: str
) -> None:
    outcome = page.run(cell)

    assert re.fullmatch(
        rf"ModuleNotFoundError: .* needs {package}, which is not installed here: it "
        "must be added to the environment from which this site built the kernel.*",
        outcome.error,
    ), outcome.error
    assert len(outcome.chain) == 1
    assert len(outcome.stdout.splitlines()) < 10
