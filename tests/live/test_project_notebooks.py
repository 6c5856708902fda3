"""The notebooks of a project, in the real DataLab, which has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from support.real_datalab.application import Application

# The first test may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}


def test_datalab_opens_the_project_and_saves_it_without_notebooks(
    companion_datalab: Application, tmp_path: Path
) -> None:
    project = dlw.open(_project(tmp_path))
    companion_datalab.rpc.load_h5_workspace([str(project.path)], True)
    assert companion_datalab.rpc.get_object_titles("signal") == ["ramp"]

    companion_datalab.rpc.save_to_h5_file(str(tmp_path / "datalab.h5"))

    # The how-to guide says so. If this fails, DataLab keeps them now.
    assert list(dlw.open(tmp_path / "datalab.h5").notebooks) == []
    assert list(project.notebooks) == ["analysis"]


def test_an_attached_workspace_keeps_them_itself(
    companion_datalab: Application, tmp_path: Path
) -> None:
    workspace = dlw.connect(companion_datalab.url, companion_datalab.token)
    workspace.load(_project(tmp_path))
    saved = workspace.save(tmp_path / "live.h5")
    workspace.disconnect()
    assert list(workspace.notebooks) == ["analysis"]
    assert list(dlw.open(saved).notebooks) == ["analysis"]


def _project(folder: Path) -> Path:
    workspace = dlw.Workspace()
    workspace.add("ramp", np.arange(4.0))
    workspace.notebooks.add(NOTEBOOK, "analysis")
    return workspace.save(folder / "project.h5")
