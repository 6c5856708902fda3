"""Cells that version 0.2 runs only with a running DataLab, and what replaces them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import sigima.objects
from sigima import create_image, create_signal

import datalab_workspace as dlw
from datalab_kernel_core import Plotter
from support.real_datalab.application import Application
from support.upgrade_cases import CASES, REQUIREMENTS, SETUP, Case, run_in_0_2

LIVE = [case for case in CASES if case.is_live]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_each_cell_runs_in_version_0_2(
    datalab: Application, python_of: Callable[[Path], Path]
) -> None:
    cells = [case.old for case in LIVE]
    variables = {**datalab.connection, "DATALAB_KERNEL_MODE": "live"}

    errors = run_in_0_2(python_of(REQUIREMENTS), cells, variables)["errors"]

    assert dict(zip(cells, errors, strict=True)) == dict.fromkeys(cells)


@pytest.mark.parametrize("case", LIVE, ids=[case.old for case in LIVE])
def test_what_is_written_instead_runs_without_a_warning(
    named: Application,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    workspace = dlw.connect()
    names = {
        "workspace": workspace,
        "plotter": Plotter(workspace),
        "create_signal": create_signal,
        "create_image": create_image,
        **vars(sigima.objects),
    }
    try:
        exec(SETUP, names)
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            exec(case.new, names)
    finally:
        workspace.disconnect(keep=False)
