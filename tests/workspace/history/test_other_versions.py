"""Objects that were made with one version of sigima, replayed with another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.environments import SOURCES
from support.real_datalab.environment import REQUIREMENTS

pytestmark = pytest.mark.slow

MAKE = """
import sys, warnings
import numpy as np
import datalab_workspace as dlw
from datalab_workspace.backends import MemoryBackend

warnings.simplefilter("ignore")
ws = dlw.Workspace(backend=MemoryBackend())
x = np.linspace(0, 10, 300)
ws.add("raw", (x, np.exp(-((x - 4) ** 2)) + 0.05 * np.sin(40 * x)))
ws.add("dark", (x[:150], x[:150] * 0.01))
ws.add("spot", np.random.default_rng(0).random((40, 50)))
smooth = ws.calc("moving_average", on="raw", n=7)
apart = ws.calc("difference", on=smooth, with_="dark")
ws.calc("normalize", on=apart, method="energy")
for name in "fft", "lowpass", "add_gaussian_noise", "gaussian_fit":
    ws.calc(name, on="raw")
ws.calc("gaussian_filter", on="spot", sigma=2.0)
ws.calc("extract_roi", on="spot", x0=2.0, y0=3.0, dx=10.0, dy=8.0)
ws.calc("convolution", on="spot", with_="spot")
ws.calc("fft", on="raw", shift=False) if sys.argv[2] == "new" else None
ws.save(sys.argv[1])
"""


@pytest.fixture(scope="module")
def pythons(python_of):
    """The Pythons of two versions of sigima: the present one, and 1.0."""
    older = python_of(REQUIREMENTS.with_name("datalab_1_0.txt"))
    return {"new": Path(sys.executable), "old": older}


def run(python, *arguments):
    """Run a Python with our packages; return the exit code and its output."""
    done = subprocess.run(
        [python, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": SOURCES, "PYTHONIOENCODING": "utf-8"},
        timeout=300,
    )
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize(("made", "replayed"), [("new", "old"), ("old", "new")])
def test_another_version_gives_the_same_or_says_how_it_differs(
    pythons, tmp_path, made, replayed
):
    path = tmp_path / "made.h5"
    run(pythons[made], "-c", MAKE, path, made)
    command = ("-m", "datalab_workspace", "replay", "--json", path)
    code, printed = run(pythons[replayed], *command)
    found = {one["name"]: one for one in json.loads(printed)}
    fits = {name for name in found if name.startswith("gaussian_fit")}
    lacking = {
        name for name, one in found.items() if one["verdict"] == "not replayable"
    }
    assert all(
        found[name]["verdict"] == "identical" for name in found.keys() - fits - lacking
    )
    assert all(
        one["versions"]["sigima"] not in str(one["recorded"]) for one in found.values()
    )
    (fit,) = (found[name] for name in fits)
    if replayed == "new":
        assert (code, lacking) == (0, set())
        assert fit["verdict"] == "within tolerance"
        assert 0 < fit["largest"] < fit["allowed"][0]
    else:
        # sigima 1.0 states no tolerances, and its fft has no parameter `shift`.
        assert (code, fit["verdict"]) == (1, "different")
        assert all("shift" in found[name]["reason"] for name in lacking)
