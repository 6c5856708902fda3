"""A package that is missing: one sentence says what needs it, and what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sigima.proc.image  # noqa: F401  whole, because a failed import leaves a part of it

import datalab_workspace as dlw
from datalab_workspace import runtime

ROWS = "\n".join(f"{x},{x * x}" for x in range(20))


def read(content: str | bytes, name: str) -> Callable[[dlw.Workspace], Any]:
    """Return a call that reads a file."""

    def call(workspace: dlw.Workspace) -> Any:
        Path(name).write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )
        return workspace.read(name)

    return call


CALLS: dict[str, list[Callable[[dlw.Workspace], Any]]] = {
    "h5py": [
        lambda workspace: workspace.save("another.h5"),
        lambda workspace: workspace.load("project.h5"),
        lambda workspace: dlw.open("project.h5"),
        lambda workspace: dlw.batch.map("fwhm", workspace, out="widths.h5"),
    ],
    "sigima": [
        lambda workspace: workspace.get("curve"),
        lambda workspace: workspace.calc("fwhm", on="curve"),
        lambda workspace: workspace.calc.fwhm,
        lambda workspace: workspace.features(),
        lambda workspace: workspace.replay("curve"),
        lambda workspace: workspace.recompute("curve"),
        lambda workspace: workspace.export("curve", "curve.h5sig"),
        lambda workspace: dlw.batch.map("fwhm", workspace, on="serial"),
        read(ROWS, "curve.csv"),
    ],
    "pandas": [
        lambda workspace: workspace.describe().to_dataframe(),
        lambda workspace: workspace.describe("curve").to_dataframe(),
        lambda workspace: workspace.features().to_dataframe(),
        lambda workspace: workspace.results().to_dataframe(),
        lambda workspace: workspace.to_pandas("curve"),
        lambda workspace: dlw.batch.map("stats", workspace, on="serial").table,
        lambda workspace: dlw.batch.map("stats", workspace, on="serial").seconds,
    ],
    "xarray": [lambda workspace: workspace.to_xarray("spot")],
    "tifffile": [
        lambda workspace: workspace.export("spot", "spot.tif"),
        read(b"II*\0", "spot.tif"),
    ],
    "PIL": [
        lambda workspace: workspace.export("spot", "spot.png"),
        read(b"\x89PNG", "spot.png"),
    ],
    "scipy": [
        lambda workspace: workspace.export("curve", "curve.mat"),
        read(b"MATLAB 5.0", "curve.mat"),
    ],
    "cv2": [lambda workspace: workspace.calc("blob_opencv", on="spot")],
    "pydicom": [read(b"DICM", "spot.dcm")],
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dlw.Workspace:
    monkeypatch.chdir(tmp_path)
    Path("project.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    made = dlw.Workspace()
    x = np.linspace(-5, 5, 101)
    made.add("curve", (x, np.exp(-(x**2))))
    made.add("spot", np.arange(12, dtype=np.uint8).reshape(3, 4))
    return made


@pytest.mark.parametrize("in_browser", [False, True], ids=["desktop", "page"])
@pytest.mark.parametrize(
    ("package", "number"),
    [(package, i) for package, calls in CALLS.items() for i in range(len(calls))],
)
def test_one_sentence_says_what_to_do(
    workspace: dlw.Workspace,
    monkeypatch: pytest.MonkeyPatch,
    package: str,
    number: int,
    in_browser: bool,
) -> None:
    monkeypatch.setattr(runtime, "IN_BROWSER", in_browser)
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises((ModuleNotFoundError, dlw.WorkspaceError)) as caught:
        CALLS[package][number](workspace)

    error, message = caught.value, str(caught.value)
    assert f"needs {package}, which is not installed here" in message
    assert "\n" not in message
    assert getattr(error, "__notes__", []) == []
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    if in_browser:
        assert "pip" not in message
        assert "must be added to the environment from which this site" in message
    else:
        assert "install " in message


def test_pyodide_has_to_be_told_of_a_package_by_an_import(
    workspace: dlw.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "IN_PYODIDE", True)
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(ModuleNotFoundError, match="run `import pandas` first, which"):
        workspace.describe().to_dataframe()


@pytest.mark.parametrize("package", ["pandas", "pywt", "skimage"])
def test_a_package_that_sigima_imports_is_named(
    workspace: dlw.Workspace, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    """A page may have sigima without what it requires: pip installs it alone."""
    monkeypatch.delitem(sys.modules, "sigima")
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(ModuleNotFoundError, match=rf"^calc\(\) needs {package}, "):
        workspace.calc("fwhm", on="curve")


def test_the_remedy_for_a_compressed_file_can_be_followed(
    workspace: dlw.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tifffile

    def without_codec(*_: object) -> None:
        raise KeyError("<COMPRESSION.LZW: 5> requires the 'imagecodecs' package")

    tifffile.imwrite("spot.tif", np.zeros((64, 64), np.uint8))
    monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", without_codec)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)

    with pytest.raises(dlw.WorkspaceError, match=r"LZW, needs imagecodecs, .* install"):
        workspace.read("spot.tif")
    monkeypatch.setattr(runtime, "IN_BROWSER", True)
    with pytest.raises(dlw.WorkspaceError, match=r"; save it without compression$"):
        workspace.read("spot.tif")
