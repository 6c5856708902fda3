"""Worker processes of a program: they need no guard in it, and end with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

HERE = Path(__file__).parents[2]
LIMIT = 60.0
# No `if __name__ == "__main__"`: the module of a program is not imported by workers.
PROGRAM = """
import os, sys
from pathlib import Path
from datalab_workspace.batch.engines.processes import ProcessesEngine
from support.engine_tasks import Outcomes, compute, settings_in, task

folder = Path(sys.argv[1])
with (folder / "starts").open("a") as file:
    file.write("x")
settings = settings_in(folder)
engine = ProcessesEngine(2, compute=compute)
engine.start(settings)
outcomes = Outcomes(engine)
for number in range(2):
    outcomes.submit(task(number, settings, sys.argv[2].format(number)))
workers = [answer.worker for answer in outcomes.some(2).values()]
engine.finish()
print(*workers)
"""


def started(folder: Path, does: str) -> subprocess.Popen:
    program = folder / "program.py"
    program.write_text(PROGRAM)
    return subprocess.Popen(
        [sys.executable, program, folder, does],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(HERE)},
        start_new_session=True,
    )


def test_a_program_needs_no_guard_and_ends_with_its_workers(tmp_path) -> None:
    with started(tmp_path, "") as program:
        output, _ = program.communicate(timeout=LIMIT)

    workers = {int(pid) for pid in output.split()}
    assert program.returncode == 0
    assert (tmp_path / "starts").read_text() == "x"
    assert len(workers) == 2
    assert not any(psutil.pid_exists(pid) for pid in workers)


@pytest.mark.skipif(os.name != "posix", reason="workers end when idle for long")
def test_the_workers_end_with_a_killed_driver(tmp_path) -> None:
    notes = [tmp_path / str(number) for number in range(2)]
    with started(tmp_path, f"note {tmp_path}/{{}}") as program:
        workers = [psutil.Process(_content(note)) for note in notes]
        program.kill()
        program.wait(LIMIT)
        began = time.monotonic()

        _, alive = psutil.wait_procs(workers, timeout=LIMIT)

    assert not alive
    assert time.monotonic() - began < LIMIT / 4  # five seconds on an idle computer


def _content(note: Path) -> int:
    deadline = time.monotonic() + LIMIT
    while not (note.exists() and note.read_text()):
        assert time.monotonic() < deadline
        os.sched_yield()
    return int(note.read_text())
