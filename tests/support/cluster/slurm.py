"""A stand-in for SLURM: `sbatch` and `scancel` for jobs on this machine.

A job waits in the queue for a moment, and is ended after its time, as SLURM does it: by
SIGTERM, and then by SIGKILL. `python slurm.py sbatch SCRIPT` is what the command
`sbatch` of `Slurm.commands` runs.
"""

from __future__ import annotations

import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: Names the folder of the jobs to the commands.
FOLDER = "STAND_IN_SLURM"
#: The most seconds that a job waits in the queue, and that it has after SIGTERM.
QUEUE, GRACE = 1.0, 3.0
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


@dataclass(frozen=True)
class Job:
    """A job, as the directives of its script describe it.

    Attributes:
        seconds: The time that it has; None for no limit.
        memory: The bytes that each of its processes may allocate; None for no limit.
        output: The file that receives what it prints.
    """

    script: Path
    seconds: float | None
    memory: int | None
    output: str | None

    @classmethod
    def of(cls, script: Path) -> Job:
        """Read the directives of a script."""
        text = script.read_text("utf-8")
        found = dict(
            re.findall(r"^#SBATCH (-\w|--[\w-]+)[ =](\S+)$", text, re.MULTILINE)
        )
        memory = re.fullmatch(r"(\d+)([KMG])", found.get("--mem", ""))
        return cls(
            script,
            _seconds(found["-t"]) if "-t" in found else None,
            int(memory[1]) * UNITS[memory[2]] if memory else None,
            found.get("-e"),
        )


def _seconds(text: str) -> float:
    """Return the seconds of a time as SLURM writes it, "1-12:00:00" or "00:10:00"."""
    days, _, clock = text.rpartition("-")
    hours, minutes, seconds = map(int, clock.split(":"))
    return ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + seconds


def sbatch(folder: Path, script: Path) -> None:
    """Put a job in the queue, and write its number."""
    number = 1 + len([*folder.glob("job-*")])
    while True:
        home = folder / f"job-{number}"
        try:
            home.mkdir()
        except FileExistsError:
            number += 1
        else:
            break
    # The script that is given may be removed at once.
    (home / "script.sh").write_bytes(script.read_bytes())
    with (home / "controller.log").open("wb") as log:
        controller = subprocess.Popen(
            [sys.executable, __file__, "control", str(number)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (home / "controller.pid").write_text(str(controller.pid))
    sys.stdout.write(f"Submitted batch job {number}\n")


def scancel(folder: Path, number: str) -> None:
    """End a job, or take it from the queue."""
    with suppress(ProcessLookupError):
        pid = int((folder / f"job-{number}" / "controller.pid").read_text())
        os.kill(pid, signal.SIGTERM)


def control(folder: Path, number: str) -> None:
    """Let a job wait, run and end."""
    home = folder / f"job-{number}"
    job = Job.of(home / "script.sh")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("cancelled"))
    state = "CANCELLED"
    try:
        time.sleep(random.Random(int(number)).uniform(0, QUEUE))
        _note(home, "RUNNING")
        state = _run(job, number, home)
    finally:
        _note(home, state)


def _run(job: Job, number: str, home: Path) -> str:
    """Run a job, and return its last state."""
    output = (job.output or str(home / "output.txt")).replace("%J", number)
    with Path(output).open("ab") as log:
        program = subprocess.Popen(
            ["/bin/sh", str(job.script)],
            env={**os.environ, "SLURM_JOB_ID": number, "SLURM_NTASKS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: _limit(job.memory),
        )
    try:
        return "FAILED" if program.wait(job.seconds) else "COMPLETED"
    except subprocess.TimeoutExpired:
        return "TIMEOUT"
    finally:
        _end(program)


def _note(home: Path, state: str) -> None:
    """Note the state of a job where `Slurm.states` reads it."""
    new = home / "state.new"
    new.write_text(state)
    new.replace(home / "state")


def _limit(memory: int | None) -> None:
    """Limit what each process of the job may allocate."""
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _end(program: subprocess.Popen[bytes]) -> None:
    """End all processes of a job."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            program.wait(GRACE)
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


class Slurm:
    """The queue of a test.

    Args:
        folder: An empty folder for the jobs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.commands = folder / "bin"
        self.commands.mkdir(parents=True)
        for name in ("sbatch", "scancel"):
            command = self.commands / name
            command.write_text(
                f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" {name} "$@"\n'
            )
            command.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which programs find the commands."""
        path = f"{self.commands}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, FOLDER: str(self._folder)}

    def states(self) -> dict[int, str]:
        """Return the state of each job by number; "PENDING" if it is in the queue."""
        states = {}
        for home in self._folder.glob("job-*"):
            note = home / "state"
            state = note.read_text() if note.exists() else "PENDING"
            states[int(home.name[4:])] = state
        return dict(sorted(states.items()))

    def close(self) -> None:
        """End all jobs."""
        for number in self.states():
            scancel(self._folder, str(number))


def main(command: str, argument: str) -> None:
    folder = Path(os.environ[FOLDER])
    if command == "sbatch":
        sbatch(folder, Path(argument))
    elif command == "scancel":
        scancel(folder, argument)
    else:
        control(folder, argument)


if __name__ == "__main__":
    main(*sys.argv[1:])
