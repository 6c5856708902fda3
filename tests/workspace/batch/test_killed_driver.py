"""Runs whose driver is killed at any instant continue as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from support import batch_functions, run_in_process

ITEMS = 210  # more than one project


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("source") / "input.h5"
    workspace = dlw.Workspace()
    x = np.arange(50.0)
    for index in range(ITEMS):
        workspace.add(f"item {index}", (x, np.sin(x + index)))
    workspace.save(path)
    return path


@pytest.fixture(scope="module")
def reference(source, tmp_path_factory) -> dict[str, bytes]:
    """The files of an undisturbed run."""
    folder = tmp_path_factory.mktemp("reference")
    with pytest.MonkeyPatch.context() as patch:
        counts = tmp_path_factory.mktemp("counts")
        patch.setenv("DATALAB_TEST_COUNTS", str(counts))
        dlw.batch.map(
            batch_functions.counted, dlw.open(source), out=folder / "o.h5", on="serial"
        )
    return files_of(folder)


@pytest.fixture(autouse=True)
def counts(tmp_path_factory, monkeypatch) -> Path:
    folder = tmp_path_factory.mktemp("counts")
    monkeypatch.setenv("DATALAB_TEST_COUNTS", str(folder))
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def environment() -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(Path(run_in_process.__file__).parents[1]),
        "DATALAB_KERNEL_MODE": "standalone",
    }


def start(source: Path, out: Path, on: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, run_in_process.__file__, str(source), str(out), on],
        env=environment(),
    )


def wait_until(condition, process) -> None:
    """Wait as long as the process runs."""
    while not condition() and process.poll() is None:
        time.sleep(0.002)


def journal_of(out: Path) -> int:
    path = out.with_name(f"{out.name}.run") / "journal.jsonl"
    return path.stat().st_size if path.exists() else 0


def check_resumed(source, out, reference, counts) -> None:
    run = dlw.batch.map(batch_functions.counted, dlw.open(source), out=out, on="serial")
    assert (run.done, run.failed, run.left) == (ITEMS, 0, 0)
    made = files_of(out.parent)
    made.pop("o.counts", None)
    assert made == reference
    assert not list((out.with_name("o.h5.run") / "parts").glob("*"))


@pytest.mark.parametrize("size", [pytest.param(200, marks=pytest.mark.slow), 10_000])
def test_a_killed_run_continues(source, reference, counts, tmp_path, size):
    out = tmp_path / "o.h5"
    process = start(source, out, "serial")
    wait_until(lambda: journal_of(out) > size, process)
    process.kill()
    process.wait()
    done = dlw.batch.open(out).done
    assert done < ITEMS
    before = {path.name for path in counts.iterdir()}
    check_resumed(source, out, reference, counts)
    twice = [name for name in before if (counts / name).stat().st_size > 1]
    # Only the items of the tasks under way are computed twice.
    assert len(twice) <= len(before) - done


def test_a_run_that_is_killed_while_it_writes_continues(
    source, reference, counts, tmp_path
):
    out = tmp_path / "o.h5"
    process = start(source, out, "serial")
    staged = out.with_name("o.h5.run") / "outputs"
    wait_until(staged.exists, process)
    process.kill()
    process.wait()
    check_resumed(source, out, reference, counts)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_that_is_killed_at_random_instants_continues(
    source, reference, counts, tmp_path
):
    chance = random.Random(19)
    begin = time.monotonic()
    folder = tmp_path / "undisturbed"
    folder.mkdir()
    start(source, folder / "o.h5", "2").wait()
    whole = time.monotonic() - begin
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        process = start(source, folder / "o.h5", "2")
        instant = time.monotonic() + chance.uniform(0.2, 1.1) * whole
        wait_until(lambda instant=instant: time.monotonic() > instant, process)
        process.kill()
        process.wait()
        check_resumed(source, folder / "o.h5", reference, counts)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signal")
def test_an_interrupted_program_ends_and_continues(source, reference, counts, tmp_path):
    out = tmp_path / "o.h5"
    process = start(source, out, "serial")
    wait_until(lambda: journal_of(out) > 1_000, process)
    process.send_signal(signal.SIGINT)
    assert process.wait() != 0
    check_resumed(source, out, reference, counts)


def can_mount() -> bool:
    """Return whether a program may mount a small disk in a namespace of its own."""
    if not sys.platform.startswith("linux"):
        return False
    command = [
        "unshare",
        "--map-root-user",
        "--mount",
        "mount",
        "-t",
        "tmpfs",
        "x",
        "/mnt",
    ]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not can_mount(), reason="mounting is not allowed here")
def test_a_full_disk_stops_the_run_and_keeps_what_is_whole(
    source, reference, counts, tmp_path
):
    disk, copies = tmp_path / "disk", tmp_path / "copies"
    disk.mkdir()
    copies.mkdir()
    program = f'"{sys.executable}" "{run_in_process.__file__}"'
    run = f'{program} "{source}" "{disk}/o.h5" serial'
    script = f"""
        mount -t tmpfs -o size=1m disk "{disk}" || exit 3
        {run} && exit 4
        find "{disk}" -name "o*.h5" -o -name "o.csv" > "{copies}/left"
        wc -l < "{disk}/o.h5.run/journal.jsonl" > "{copies}/lines"
        mount -o remount,size=100m disk "{disk}" || exit 5
        {run} || exit 6
        cp "{disk}"/o* "{copies}" 2> "{copies}/omitted"
    """
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert "BatchStoppedError: the run stopped because the disk is full" in done.stderr
    assert (copies / "left").read_text() == ""
    assert int((copies / "lines").read_text()) > 3
    assert (copies / "o.counts").read_text() == f"{ITEMS} 0 0"
    assert {name: (copies / name).read_bytes() for name in reference} == reference
    computed = sum(path.stat().st_size for path in counts.iterdir())
    assert computed < 1.5 * ITEMS


def test_a_file_that_changes_during_the_run_is_an_error_of_its_item(tmp_path):
    files = [tmp_path / f"scan {index}.csv" for index in range(6)]
    for index, path in enumerate(files):
        path.write_text("".join(f"{x},{x * index}\n" for x in range(9)))

    def change_the_last(obj):
        if not changed:
            changed.append(files[-1].write_text("0,1\n1,2\n2,3\n3,5\n4,9\n"))
        return {"last": float(obj.y[-1])}

    changed = []
    arguments = {"out": tmp_path / "o.h5", "on": "serial", "key": "k"}
    run = dlw.batch.map(change_the_last, tmp_path / "*.csv", **arguments)
    assert [(name, error.type) for name, error in run.errors.items()] == [
        ("scan 5", "StaleFileError")
    ]
    assert list(run.table["last"])[:5] == [0, 8, 16, 24, 32]
    again = dlw.batch.map(change_the_last, tmp_path / "scan*.csv", **arguments)
    assert list(again.table["last"]) == [0, 8, 16, 24, 32, 9]
