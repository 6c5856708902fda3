"""The built documentation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.documentation import DOCS
from support.environments import made


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once for all processes of a run; a warning is a failure."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def build(site: Path) -> None:
        run = subprocess.run(
            [
                *(sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q"),
                *("-b", "html", "-d", own / "doctrees", DOCS, site),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode, run.stderr) == (0, "")

    return made(shared / "site", build)
