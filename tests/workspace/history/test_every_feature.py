"""Every feature, made again from a file in another process, is identical."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings

import pytest

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.model.record import KINDS
from datalab_workspace.processing.features import features
from datalab_workspace.testing.samples.operands import sources
from support.environments import SOURCES
from support.every_feature import EVERY, arguments

#: The features of the short run: one of each form of operands, parameters and results.
_FEW = """
    addition arithmetic convolution difference erase evaluate_fit extract_roi
    extract_rois fft fwhm gaussian_filter gaussian_fit ifft normalize centroid
    """.split()  # noqa: SIM905  # a list is easier to read as words
#: They need a library that is not installed here.
_MISSING = {("image", "blob_opencv")}
#: Their inputs; others are computed from `sources`.
_PREPARED = {
    ("signal", "ifft"): ("fft", "peak"),
    ("signal", "evaluate_fit"): ("gaussian_fit", "peak"),
}


def project(path, chosen):
    """Save a project with the results of features; return what should be in it."""
    objects, analyses = {}, {}
    workspace = dlw.Workspace(backend=MemoryBackend())
    for kind in KINDS:
        for name, obj in sources(kind).items():
            workspace.add(name, obj)
    for kind, feature in chosen:
        call = arguments(kind, feature)
        if (kind, feature) in _PREPARED:
            prepared, source = _PREPARED[kind, feature]
            call["on"] = workspace.calc(prepared, on=source)
        found = workspace.calc(feature, **call)
        if features(kind)[feature].analysis:
            if found is not None:
                analyses.setdefault(call["on"], set()).add(feature)
            continue
        for name in found if isinstance(found, list) else [found]:
            objects.setdefault(name, []).append((kind, feature))
    workspace.save(path)
    return objects, analyses


def replayed(path, *names):
    """Return the replays of a new process, by name."""
    command = [sys.executable, "-m", "datalab_workspace", "replay", "--json", str(path)]
    done = subprocess.run(
        [*command, *names],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": SOURCES, "PYTHONIOENCODING": "utf-8"},
        timeout=300,
    )
    assert done.returncode in (0, 2), done.stderr
    return done.returncode, {one["name"]: one for one in json.loads(done.stdout)}


@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param([each for each in EVERY if each[1] in _FEW], id="some"),
        pytest.param(EVERY, id="all", marks=pytest.mark.slow),
    ],
)
def test_every_feature_is_identical_in_another_process(tmp_path, chosen):
    chosen = [each for each in chosen if each not in _MISSING]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the data of some samples
        objects, analyses = project(tmp_path / "all.h5", chosen)
    assert (
        len({feature for names in objects.values() for feature in names})
        + len([feature for found in analyses.values() for feature in found])
        >= len(chosen) - 2
    )  # an analysis may find nothing
    code, found = replayed(tmp_path / "all.h5")
    assert {name: found[name]["verdict"] for name in objects} == dict.fromkeys(
        objects, "identical"
    )
    assert code == 0
    code, found = replayed(tmp_path / "all.h5", *analyses)
    assert {name: found[name]["results"] for name in analyses} == {
        name: dict.fromkeys(analyses[name], "identical") for name in analyses
    }
    assert code == 2  # nothing computed the objects that were analysed
