"""How soon a script can go on, beside what cannot be avoided."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support.measurement import compare

IMPORT_BOUND = 1.3
ROUNDS = 11


def run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "code",
    [
        "import datalab_workspace",
        "import datalab_workspace; datalab_workspace.Workspace()",
    ],
)
def test_the_workspace_costs_little_more_than_numpy(code: str) -> None:
    comparison = compare(
        f"{code}, beside import numpy",
        lambda: run(code),
        lambda: run("import numpy"),
        rounds=ROUNDS,
    )

    assert comparison.ratio <= IMPORT_BOUND
