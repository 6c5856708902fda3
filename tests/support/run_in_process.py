"""Compute a run, as a program that tests interrupt and kill: INPUT OUT ENGINE."""

from __future__ import annotations

import sys
from pathlib import Path

import datalab_workspace as dlw
from datalab_workspace.batch import map as compute
from support import batch_functions


def main() -> None:
    source, out, on = sys.argv[1:]
    function = batch_functions.counted
    run = compute(
        function, dlw.open(source), out=out, on=int(on) if on != "serial" else on
    )
    Path(out).with_suffix(".counts").write_text(f"{run.done} {run.failed} {run.left}")


if __name__ == "__main__":
    main()
