"""Compute `functions.counted` over a project: `python driver.py PROJECT OUT NOTED ON`.

It is a program of its own, so that a test can kill it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from datalab_workspace import batch
from support.cluster import functions

#: Seconds that an item takes.
EACH = 0.01
KEY = "counted"


def main(project: str, out: str, noted: str, on: str) -> None:
    function = functions.counted(Path(noted), EACH)
    # Where the calls are noted is no part of what is computed.
    run = batch.map(function, project, out=out, on=on, key=KEY)
    sys.stdout.write(f"{run.done} done\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
