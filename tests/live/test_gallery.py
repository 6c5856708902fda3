"""The notebooks of the gallery that need a DataLab, with a user at its window."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from support.live_gallery import needs_datalab, run
from support.notebook_claims import GALLERY, with_claims
from support.notebook_outputs import texts
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    "path",
    [path for path in GALLERY if needs_datalab(path)],
    ids=lambda path: path.stem,
)
def test_a_notebook_gives_what_it_shows_and_its_claims_hold(
    path: Path, attended_companion_datalab: Application, tmp_path: Path
) -> None:
    notebook = nbformat.read(with_claims(path, tmp_path / "with claims"), as_version=4)

    run(notebook, attended_companion_datalab, tmp_path)

    shown = texts(nbformat.read(path, as_version=4))
    assert texts(notebook)[: len(shown)] == shown
