"""The tracebacks that a shell shows after a mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

ANSI = re.compile(r"\x1b\[[0-9;]*m")
OUR_FILES = re.compile(r"datalab_(workspace|kernel|kernel_core)[/\\]")

MISTAKES = {
    "workspace.get('nope')": "no object 'nope'",
    "workspace['nope']": "no object 'nope'",
    "del workspace['nope']": "no object 'nope'",
    "workspace.add('x', 3)": "cannot add an object of type int",
    "workspace.get(nam='peak')": "get() has no argument 'nam'",
    "plotter.plot('nope')": "no object 'nope'",
    "plotter.plot('peak', titel='A')": "did you mean 'title'?",
    "plotter.plot(['peak', 3])": "item 1 of the list: cannot plot the number 3",
    "workspace.calc('fwhm', on='peak', wrong=3)": "fwhm() has no argument 'wrong'",
    "workspace.calc('polynomial_fit', on='peak', degree=99)": "degree=99 is not",
    "workspace.calc('nope', on='peak')": "no feature 'nope'",
    "workspace.load('nope.h5')": "No such file",
    "workspace.load('text.h5')": "text.h5",
    "workspace.save('nowhere/x.h5')": "there is no such folder",
}


@pytest.fixture
def shown(
    loaded: Any,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], str]:
    """Run a cell that fails, in a shell with one signal, and return what it shows."""
    monkeypatch.chdir(tmp_path)
    Path("text.h5").write_text("not HDF5")
    loaded.run("_ = workspace.add('peak', np.exp(-np.linspace(-3, 3, 50)**2))")

    def shown(code: str) -> str:
        capsys.readouterr()
        assert not loaded.ip.run_cell(code).success
        return ANSI.sub("", capsys.readouterr().out)

    return shown


@pytest.fixture(params=["Context", "Plain"])
def mode(request: pytest.FixtureRequest, loaded: Any) -> str:
    loaded.ip.InteractiveTB.set_mode(request.param)
    return str(request.param)


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize(("code", "message"), MISTAKES.items())
def test_a_mistake_shows_the_users_line_and_the_message(
    shown: Callable[[str], str], code: str, message: str
) -> None:
    traceback = shown(f"before = 1\n{code}")

    assert code in traceback
    assert message in traceback.strip().splitlines()[-1]
    assert not OUR_FILES.search(traceback)
    assert traceback.count("Traceback") == 1
    assert len(traceback.strip().splitlines()) <= 9


@pytest.mark.usefixtures("mode")
def test_the_frames_of_the_users_functions_are_shown(
    shown: Callable[[str], str],
) -> None:
    traceback = shown(
        "import json\n"
        "def names():\n    yield json.loads('[')\n"
        "def save():\n    workspace.select(names())\n"
        "save()"
    )

    assert "workspace.select(names())" in traceback
    assert "yield json.loads('[')" in traceback
    assert "raw_decode" in traceback
    assert not OUR_FILES.search(traceback)


@pytest.mark.usefixtures("mode")
def test_the_frames_of_other_packages_are_shown(shown: Callable[[str], str]) -> None:
    traceback = shown("sigima.proc.signal.fft(3)")

    assert "sigima" in traceback.split("fft(3)", 1)[1]


@pytest.mark.usefixtures("mode")
def test_an_error_of_the_user_is_shown_with_the_one_that_led_to_it(
    shown: Callable[[str], str],
) -> None:
    traceback = shown("try:\n    workspace.get('nope')\nexcept KeyError:\n    1 / 0")

    assert "During handling of the above exception" in traceback
    assert "workspace.get('nope')" in traceback
    assert "1 / 0" in traceback
    assert not OUR_FILES.search(traceback)


def test_an_error_in_these_packages_alone_is_shown_completely(
    loaded: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor() as threads:
        error = threads.submit(loaded["workspace"].get, "nope").exception()
    assert error is not None

    loaded.ip.showtraceback((type(error), error, error.__traceback__))

    assert len(OUR_FILES.findall(capsys.readouterr().out)) > 3


@pytest.mark.parametrize(
    "magic", ["%xmode Verbose", "%xmode --show", "%unload_ext datalab_kernel_core"]
)
def test_every_frame_can_be_shown(
    loaded: Any, shown: Callable[[str], str], magic: str
) -> None:
    loaded.run("own = workspace")
    loaded.run(magic)

    traceback = shown("own.get('nope')")

    assert "no object 'nope'" in traceback
    assert len(OUR_FILES.findall(traceback)) > 3


def test_the_last_error_can_be_shown_with_every_frame(
    loaded: Any, shown: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    shown("workspace.get('nope')")
    loaded.run("%tb Verbose")

    assert len(OUR_FILES.findall(capsys.readouterr().out)) > 3
    assert not OUR_FILES.search(shown("workspace.get('nope')"))


def test_the_exception_and_the_debugger_keep_every_frame(
    loaded: Any, shown: Callable[[str], str]
) -> None:
    shown("workspace.get('nope')")

    def frames() -> Iterator[str]:
        entry = loaded.ip.InteractiveTB.tb
        while entry is not None:
            yield entry.tb_frame.f_globals["__name__"]
            entry = entry.tb_next

    assert "datalab_workspace.object_calls" in set(frames())


def test_the_extension_can_be_loaded_twice_and_unloaded(
    loaded: Any, shown: Callable[[str], str]
) -> None:
    loaded.run("%reload_ext datalab_kernel_core")
    assert not OUR_FILES.search(shown("workspace.get('nope')"))

    loaded.run("%unload_ext datalab_kernel_core")
    assert (
        vars(loaded.ip.InteractiveTB)
        .keys()
        .isdisjoint({"structured_traceback", "get_parts_of_chained_exception"})
    )
