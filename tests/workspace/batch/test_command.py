"""The command `run`: its chains, items, exit codes and output."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.batch.chains.chain import chain
from datalab_workspace.cli.chain_argument import chain_of
from datalab_workspace.cli.commands import main

MEASURE = """
def peak(signal):
    if signal.y.max() > 4:
        raise ValueError("too high")
    return {"peak": signal.y.max()}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with five signals as text files, which is the current one."""
    monkeypatch.chdir(tmp_path)
    x = np.linspace(-3, 3, 100)
    for n in range(1, 6):
        table = np.column_stack([x, n * np.exp(-(x**2))])
        np.savetxt(f"scan{n}.csv", table, delimiter=",", header="t,U", comments="")
    Path("measure.py").write_text(MEASURE)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command, and return its exit code and what it prints."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["run", *arguments])
        return code, *capsys.readouterr()

    return call


def test_all_items_are_done(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run(
        "normalize,fwhm", "scan*.csv", "-o", "w.h5", "--on", "serial", "--json"
    )

    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["status"], found["done"], found["left"]) == ("finished", 5, 0)
    assert found["out"] == str(Path("w.h5").absolute())
    assert found["chain"] == "normalize, fwhm"
    assert Path("w.csv").is_file()


@pytest.mark.parametrize("chain", ["difference:with_=background", "chain.json"])
def test_the_second_operand_is_named(
    run: Callable[..., tuple[int, str, str]], chain: str
) -> None:
    step = {"feature": "difference", "parameters": {"with_": "background"}}
    Path("chain.json").write_text(json.dumps([step]))
    workspace = dlw.Workspace(backend=MemoryBackend())
    workspace.add("background", (np.linspace(-3, 3, 100), np.ones(100)))
    workspace.save("references.h5")

    code, _, err = run(chain, "references.h5", "-o", "o.h5", "--on", "serial")
    assert (code, err) == (0, "")
    assert not dlw.open("o.h5").get("background").y.any()

    arguments = (chain, "scan1.csv", "-o", "p.h5", "--on", "serial")
    code, _, err = run(*arguments)
    assert code not in (0, 3)
    assert "--with-from" in err
    assert run(*arguments, "--with-from", "references.h5")[0] == 0
    found = dlw.open("p.h5").get("scan1").y
    assert found == pytest.approx(np.exp(-(np.linspace(-3, 3, 100) ** 2)) - 1)

    code, _, err = run("difference:with_=dark", *arguments[1:])
    assert code not in (0, 3)


def test_some_items_fail_and_are_tried_again(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    arguments = ("measure.py:peak", "scan*.csv", "-o", "w.h5", "--on", "serial")
    code, out, _ = run(*arguments)

    assert code == 3
    assert out.splitlines()[0].startswith("w.h5: 4 done, 1 failed, 0 left")
    assert "1 item: ValueError: too high (scan5)" in out

    np.savetxt("scan5.csv", np.ones((9, 2)), delimiter=",", header="t,U", comments="")
    assert run(*arguments)[0] == 0


def test_a_run_that_stops_early_is_unfinished(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    Path("wrong.py").write_text("def always(signal):\n    raise ValueError('wrong')\n")
    for n in range(20):
        Path(f"more{n}.csv").write_text(Path("scan1.csv").read_text())

    code, out, err = run("wrong.py:always", "more*.csv", "-o", "w.h5", "--on", "serial")

    assert code == 4
    assert "unfinished: repeat the call to continue" in out
    assert "wrong" in err
    assert err.startswith("datalab_workspace: error: ")
    assert "Traceback" not in err
    assert run("--status", "w.h5")[0] == 4


def test_the_status_computes_nothing(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    run("measure.py:peak", "scan*.csv", "-o", "w.h5", "--on", "serial")
    files = [Path("w.h5"), Path("w.h5.run"), *Path("w.h5.run").iterdir()]
    before = [path.stat().st_mtime_ns for path in files]

    code, out, err = run("--status", "w.h5")

    assert (code, err) == (3, "")
    assert out.splitlines()[0].startswith("w.h5: 4 done, 1 failed, 0 left")
    assert [path.stat().st_mtime_ns for path in files] == before


def test_another_chain_is_refused_without_restart(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    begin = ("scan*.csv", "-o", "w.h5", "--on", "serial", "--keep", "table")
    run("fwhm", *begin)

    code, out, err = run("measure.py:peak", *begin)
    assert (code, out) == (1, "")
    assert "restart" in err
    assert run("measure.py:peak", *begin, "--restart")[0] == 3


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("fwhm",), "needs CHAIN, at least one ITEM, and --out OUT"),
        (("fwhm", "scan1.csv"), "needs CHAIN, at least one ITEM, and --out OUT"),
        (("--status", "none.h5"), "no run"),
        (("fwhm", "scan1.csv", "--status", "w.h5"), "takes no CHAIN"),
        (("fwmh", "scan1.csv", "-o", "w.h5", "--on", "serial"), "did you mean 'fwhm'"),
        (("fwhm", "none*.csv", "-o", "w.h5", "--on", "serial"), "none*.csv"),
        (("measure.py:none", "scan1.csv", "-o", "w.h5"), "no function 'none'"),
        (("none.py:peak", "scan1.csv", "-o", "w.h5"), "none.py"),
        (("none.toml", "scan1.csv", "-o", "w.h5"), "none.toml"),
        (("no_module:peak", "scan1.csv", "-o", "w.h5"), "no_module"),
        (("fwhm", "scan1.csv", "-o", "w.h5", "--read", "sep"), "NAME=VALUE"),
        (("fwhm", "scan1.csv", "-o", "w.h5", "--read", "spe=;"), "did you mean 'sep'"),
        (("fwhm", "scan1.csv", "-o", "w.h5", "--on", "clouds"), "clouds"),
    ],
)
def test_a_mistake_is_one_line(
    run: Callable[..., tuple[int, str, str]], arguments: tuple[str, ...], reason: str
) -> None:
    code, out, err = run(*arguments)

    assert code in (1, 4)
    assert reason in out + err
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1


def test_the_options_of_read_are_options_of_the_command(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    Path("comma.csv").write_text("0,5;1,5\n1,5;2,5\n2,5;9,5\n3,5;1,5\n")

    code, _, err = run(
        "stats", "comma.csv", "-o", "w.h5", "--on", "serial", "--keep", "table",
        "--read", "decimal=,", "--read", "sep=;", "--kind", "signal",
    )  # fmt: skip

    assert (code, err) == (0, "")
    assert "9.5" in Path("w.csv").read_text()


def test_a_project_stands_for_its_objects(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    workspace = dlw.Workspace(backend=MemoryBackend())
    for n in range(3):
        workspace.add(f"ramp {n}", np.arange(10.0) + n)
    workspace.save("project.h5")

    code, out, _ = run("stats", "project.h5", "-o", "w.h5", "--on", "serial")

    assert code == 0
    assert "ramp 2" in out


@pytest.mark.parametrize(
    ("argument", "steps"),
    [
        ("fwhm", ["fwhm"]),
        ("normalize, fwhm", ["normalize", "fwhm"]),
        (
            "moving_average:n=5,mode=reflect,fwhm",
            [("moving_average", {"n": 5, "mode": "reflect"}), "fwhm"],
        ),
        ("lowpass:cut0=1e-3,normalize", [("lowpass", {"cut0": 0.001}), "normalize"]),
        (
            "threshold:invert=true,value=none,operation=a:b",
            [("threshold", {"invert": True, "value": None, "operation": "a:b"})],
        ),
    ],
)
def test_a_chain_is_written_as_steps_with_commas(
    argument: str, steps: list[object]
) -> None:
    assert chain_of(argument).as_json() == chain(*steps).as_json()


TOML = """
[[steps]]
feature = "moving_average"
parameters = { n = 5 }

[[steps]]
function = "measure.py:peak"
"""


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_a_chain_in_a_file_names_functions_relative_to_it(
    suffix: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if suffix == ".toml":
        if sys.version_info < (3, 11):
            pytest.importorskip("tomli", reason="Python 3.10 has no parser of TOML")
        Path("chain.toml").write_text(TOML)
    else:
        steps = [
            {"feature": "moving_average", "parameters": {"n": 5}},
            "measure.py:peak",
        ]
        Path("chain.json").write_text(json.dumps({"steps": steps}))
    monkeypatch.chdir("/")

    found = chain_of(str(folder / f"chain{suffix}"))

    assert found.description == "moving_average(n=5), peak"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("chain.toml", "[[steps]\n", "cannot read the chain in 'chain.toml'"),
        ("chain.json", "{", "cannot read the chain in 'chain.json'"),
        ("chain.json", "{}", "list of steps"),
        ("chain.json", '[{"featur": "fwhm"}]', "featur"),
        ("chain.json", "[3]", "3"),
    ],
)
def test_a_file_without_a_chain_is_refused(
    name: str, content: str, reason: str
) -> None:
    Path(name).write_text(content)
    with pytest.raises(ValueError, match=re.escape(reason)):
        chain_of(name)


HELD = """
import time
from pathlib import Path

def held(signal):
    with Path("begun").open("a") as file:
        file.write("x")
    while Path("begun").stat().st_size > 4 and Path("hold").exists():
        time.sleep(0.01)
    return {"peak": signal.y.max()}
"""


@pytest.mark.parametrize(
    "workers", ["serial", pytest.param("2", marks=pytest.mark.slow)]
)
def test_ctrl_c_ends_the_command_and_the_same_command_continues(workers: str) -> None:
    Path("held.py").write_text(HELD)
    Path("hold").touch()
    for n in range(20):
        Path(f"more{n}.csv").write_text(Path("scan1.csv").read_text())
    command = [sys.executable, "-m", "datalab_workspace", "run", "held.py:held"]
    command += ["more*.csv", "--out", "w.h5", "--on", workers, "--keep", "table"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not Path("begun").exists() or Path("begun").stat().st_size <= 4:
            assert process.poll() is None
            time.sleep(0.02)
        under_way = dlw.batch.open("w.h5")
        assert under_way.status == "running"
        assert f"process {process.pid} on" in str(under_way)
        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()

    assert process.returncode == 130
    assert "repeat the command to continue the run" in err
    assert "Traceback" not in err
    known = dlw.batch.open("w.h5")
    assert known.status == "unfinished"
    assert 0 < known.left < 20
    Path("hold").unlink()
    assert main([*command[3:], "--on", "serial"]) == 0
