"""The completion of DataLab names and their attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.completer import provisionalcompleter
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel import kernelspec
from datalab_kernel_core.completion import completed
from datalab_kernel_core.variables import ShellVariables
from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend

ATTRIBUTES = {
    "workspace": {"get": "function", "calc": "function", "path": "property"},
    "sigima.proc": {"image": "module"},
}
NAMES = ("beam", "Beam 2", "a/b", 'it\'s "x"', "back\\slash", "über")


class Variables(ShellVariables):
    """A workspace and a plotter of it that have `NAMES`, and a module `sigima`."""

    def __init__(self) -> None:
        from datalab_kernel_core import Plotter

        workspace = Workspace(backend=MemoryBackend())
        for name in NAMES:
            workspace.add(name, np.arange(3.0))
        workspace.add("spot", np.ones((2, 2)), group="areas")
        held = {"workspace": workspace, "plotter": Plotter(workspace)}
        super().__init__(held.get, lambda: workspace, ())

    def attributes(self, path: Sequence[str]) -> Mapping[str, str] | None:
        known = ATTRIBUTES.get(".".join(path))
        return super().attributes(path) if known is None else known


VARIABLES = Variables()


def found(line: str) -> list[str]:
    """Return the completions of a line, without what is typed already."""
    return list((completed(line, VARIABLES) or ("", {}))[1])


@pytest.mark.parametrize(
    ("line", "begun", "expected"),
    [
        ('workspace.get("', "", ["beam", "Beam 2", "a/b", 'it\'s \\"x\\"']),
        ('workspace.get("b', "b", ["beam", "back\\\\slash"]),
        ("workspace.get('BEAM", "BEAM", ["beam", "Beam 2"]),
        ('x = [workspace.get( "Beam ', "Beam ", ["Beam 2"]),
        ('plotter.plot("a/', "a/", ["a/b"]),
        ("workspace.get('it", "it", ['it\\\'s "x"']),
        ("workspace.get('it\\'s ", "it\\'s ", ['it\\\'s "x"']),
        ('workspace.get("it\'s \\"', "it's \\\"", ['it\'s \\"x\\"']),
        ('workspace.remove("beam", "a', "a", ["a/b"]),
        ('workspace.rename("ü', "ü", ["über"]),
        ('f(1); workspace . get("ü', "ü", ["über"]),
        ('plotter.plot(["beam", "ü', "ü", ["über"]),
        ('workspace.calc("fft", on="ü', "ü", ["über"]),
        ('workspace.calc("difference", on="beam", with_="ü', "ü", ["über"]),
        ('x = workspace["ü', "ü", ["über"]),
        ("del workspace[ 'a/", "a/", ["a/b"]),
    ],
)
def test_a_name_is_completed(line: str, begun: str, expected: list[str]) -> None:
    typed, completions = completed(line, VARIABLES) or ("", {})

    assert typed == begun
    assert list(completions)[: len(expected)] == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("workspace.", ["calc", "get", "path"]),
        ("workspace.c", ["calc"]),
        ("workspace.GET", ["get"]),
        ("print(1, workspace . ca", ["calc"]),
        ('a = "it\'s"; workspace.ca', ["calc"]),
        ("sigima.proc.", ["image"]),
        ("sigima . proc . i", ["image"]),
    ],
)
def test_an_attribute_is_completed(line: str, expected: list[str]) -> None:
    assert found(line) == expected


@pytest.mark.parametrize(
    ("line", "begun"),
    [('workspace.get("zzz', "zzz"), ("workspace.zzz", "zzz"), ('workspace["z', "z")],
)
def test_nothing_else_is_offered_for_what_does_not_exist(line: str, begun: str) -> None:
    assert completed(line, VARIABLES) == (begun, {})


@pytest.mark.parametrize(
    "line",
    [
        'workspace.rename("beam", "',
        'workspace.features(search="',
        'workspace.load("a.h5", names=["',
        'workspace.get("beam", default="',
        'plotter.plot("beam", title="',
        'workspace.calc("fft", on="beam", shift="',
        'workspace.calc("fft", {}, "',
        'workspace.calc("fft", nothing="',
    ],
)
def test_a_string_that_can_be_anything_gets_no_completion(line: str) -> None:
    assert completed(line, VARIABLES) == ("", {})


SIGNALS = ["beam", "Beam 2", "a/b", 'it\'s \\"x\\"', "back\\\\slash", "über"]
OBJECTS = [*SIGNALS, "spot"]
ON_CONFLICT = ["error", "replace", "rename", "skip"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('workspace.save("a.h5", names=["beam", "', OBJECTS),
        ('workspace.select(["beam", "', OBJECTS),
        ('workspace.select(("beam", "', OBJECTS),
        ('plotter.plot(["', OBJECTS),
        ('workspace.move("', OBJECTS),
        ('workspace.ask_roi("', OBJECTS),
        ('workspace.show("', OBJECTS),
        ('plotter.explore(what="', OBJECTS),
        ('plotter.live("', OBJECTS),
        ('workspace.remove(\n    "beam",  # it\'s old\n    "', OBJECTS),
        ('print(workspace.get("', OBJECTS),
        ('workspace.move("beam", "', ["areas"]),
        ('workspace.add("a", [1, (2, 3)], group="', ["areas"]),
        ('workspace.features("', ["signal", "image"]),
        ('workspace.list(kind="', ["signal", "image"]),
        ('workspace.load("a.h5", on_conflict="', ON_CONFLICT),
        ('workspace.disconnect("', ["all"]),
        ('plotter.screenshot("', [*OBJECTS, "window", "signal", "image"]),
        ('workspace.calc("fft", on="', OBJECTS),
        ('workspace.calc("fft", on=[["beam"], ["', OBJECTS),
        ('workspace.calc("fft", masked="', ["ignore", "nan"]),
        ('workspace.calc("canny", on="', ["spot"]),
        ('workspace.calc.canny("', ["spot"]),
        ('workspace.calc.fwhm("', SIGNALS),
        ('workspace.calc.difference("beam", "', OBJECTS),
        ('workspace.calc(\n    "fft",\n    on=["beam",\n    "', OBJECTS),
        ('workspace.calc.moving_average("beam", mode="n', ["nearest"]),
        ('workspace.calc("moving_average", on="beam", mode="n', ["nearest"]),
        ('workspace.calc("fft", where="', ["kernel", "datalab"]),
        ('workspace.calc("gaussian_fi', ["gaussian_filter", "gaussian_fit"]),
        ("workspace.calc.gaussian_fi", ["gaussian_filter", "gaussian_fit"]),
        ('workspace.calc("gaussian_filter", on="beam", si', ["sigma="]),
        (
            'workspace.calc("fft", on="beam", ',
            ["shift=", "param=", "where=", "masked="],
        ),
        ('workspace.calc.gaussian_filter("beam", si', ["sigma="]),
        ("workspace.calc.fft(on=x, ", ["shift=", "param=", "where=", "masked="]),
        ('workspace.calc("nothing", wi', ["with_="]),
    ],
)
def test_an_argument_is_completed_with_what_it_takes(
    line: str, expected: list[str]
) -> None:
    above, newline, last = line.rpartition("\n")
    _, completions = completed(last, VARIABLES, above + newline) or ("", {})

    assert [*completions] == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("workspace.calc.canny(", ['"spot"', "on=", "sigma="]),
        ("workspace.calc.canny(on=", ['"spot"']),
        ("workspace.get(", ['"beam"', '"Beam 2"']),
        ("workspace.calc(", ['"absolute"']),
        ('workspace.calc("canny", on=', ['"spot"']),
        ('workspace.calc.moving_average("beam", mode=', ['"reflect"', '"constant"']),
        ('workspace.calc.fft("beam", where=', ['"kernel"', '"datalab"']),
        ("workspace.features(kind=", ['"signal"', '"image"']),
    ],
)
def test_an_argument_that_is_not_begun_is_completed_with_its_values(
    line: str, expected: list[str]
) -> None:
    assert found(line)[: len(expected)] == expected


@pytest.mark.parametrize(
    "line",
    [
        "workspace.calc.canny(na",
        "workspace.calc.moving_average(n=",
        "workspace.features(search=",
        'workspace.get("beam"',
        "workspace.get(beam",
        'workspace.save("',
        'other.get("',
        'other["',
        'plotter["',
        'my.workspace.get("',
        '"workspace.get(',
        "other.",
        "my.workspace.",
        "f().workspace.",
        "workspace._",
        "workspace.get.",
        "'workspace.",
        "# workspace.",
        '"a" + "workspace.',
        "",
    ],
)
def test_other_code_is_left_to_ipython(line: str) -> None:
    assert completed(line, VARIABLES) is None


@pytest.mark.parametrize(
    ("above", "code"),
    [
        ('"""a\n"b"\n', False),
        ("'''a\n", False),
        ('"""a"""\n', True),
        ("# it's\n", True),
        ("a = 'b'\n", True),
    ],
)
def test_lines_above_decide_whether_an_attribute_is_code(
    above: str, code: bool
) -> None:
    assert (completed("workspace.", VARIABLES, above) is not None) == code


@pytest.fixture
def complete(loaded) -> Callable[[str], list[str]]:
    """Complete a line in a shell that holds two objects; return the finished lines."""
    loaded.run("for name in ('my beam', 'mine'): workspace.add(name, np.arange(3.0))")

    return partial(completions, loaded)


def completions(shell: Any, line: str) -> list[str]:
    """Return the completions of a line in their order."""
    with provisionalcompleter():
        found = list(shell.ip.Completer.completions(line, len(line)))
    return [line[: c.start] + c.text + line[c.end :] for c in found]


@pytest.mark.parametrize(
    "start", ['workspace.get("', 'workspace.remove("mine", "', "x = plotter.plot('"]
)
def test_the_shell_offers_names_and_nothing_else(complete, start: str) -> None:
    assert sorted(complete(f"{start}m")) == [f"{start}mine", f"{start}my beam"]
    assert complete(f"{start}my b") == [f"{start}my beam"]


def test_keys_are_completed_as_well(complete) -> None:
    assert complete('workspace["m') == ['workspace["my beam', 'workspace["mine']


def test_public_attributes_are_completed_with_their_types(loaded) -> None:
    loaded.run("workspace.list(), plotter, sigima.proc.image.base, np.pi")

    assert typed(loaded, "workspace.ca") == {
        "calc": "property",
        "capabilities": "property",
    }
    assert typed(loaded, "plotter.pl") == {"plot": "function"}
    assert typed(loaded, "sigima.pro") == {"proc": "module"}
    assert typed(loaded, "sigima.proc.image.butterw") == {"butterworth": "function"}
    assert typed(loaded, "sigima.Sig")["SignalObj"] == "class"
    assert typed(loaded, "np.pi")["pi"] == "instance"


def typed(shell: Any, line: str) -> dict[str, str]:
    """Return the completions of a line with their types."""
    with provisionalcompleter():
        found = list(shell.ip.Completer.completions(line, len(line)))
    return {one.text: one.type for one in found}


#: What a user may complete first, with one of the completions if there is any.
FIRST = {
    "workspace.": "add",
    "workspace.ca": "calc",
    "plotter.": "plot",
    "sigima.": "SignalObj",
    "sigima.proc.image.": "butterworth",
    'workspace["': None,
    "workspace.get('pea": None,
    "plotter.plot('": None,
    "workspace.nothing": None,
}


@pytest.mark.parametrize("jedi", [True, False])
def test_a_first_completion_needs_neither_jedi_nor_an_import(
    in_new_process: Callable[[str], Any], jedi: bool
) -> None:
    script = f"""
import json, sys
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
shell = InteractiveShell(config=Config(HistoryManager={{"enabled": False}}))
shell.Completer.use_jedi = {jedi}
shell.extension_manager.load_extension("datalab_kernel_core")
before = set(sys.modules)  # IPython 8 imports jedi itself
with provisionalcompleter():
    found = {{
        line: [c.text for c in shell.Completer.completions(line, len(line))]
        for line in {FIRST!r}
    }}
imported = {{"jedi", "numpy", "sigima", "matplotlib"}} & ({{*sys.modules}} - before)
print(json.dumps([found, sorted(imported)]))
"""
    found, imported = in_new_process(script)

    assert imported == []
    for line, expected in FIRST.items():
        assert (expected in found[line]) if expected else found[line] == []
        assert not any(name.startswith(("_", "%")) for name in found[line])


def test_jedi_completes_the_attributes_of_a_run(loaded, complete) -> None:
    loaded.ip.Completer.use_jedi = True
    loaded.run("from datalab_workspace import batch")
    loaded.run("done = batch.Run(None, None)")

    assert {"done.table", "done.status", "done.retry"} <= {*complete("done.")}


def test_any_variable_that_is_a_workspace_is_completed(loaded, complete) -> None:
    loaded.run("import datalab_workspace\nother = datalab_workspace.Workspace()")
    loaded.run("other.add('elsewhere', np.arange(3.0))")

    assert complete("other.get('") == ["other.get('elsewhere"]


@pytest.mark.parametrize(
    "line", ["np.linspace", "plotter.plot", "create_signal", "workspace.describe"]
)
def test_what_is_not_imported_yet_is_completed(loaded, line: str) -> None:
    assert line in completions(loaded, line[:-2])


@pytest.mark.parametrize("name", ["np", "create_signal", "workspace", "plotter.plot"])
def test_what_is_not_imported_yet_can_be_asked_about(loaded, name: str) -> None:
    info = loaded.ip.object_inspect(name)

    assert info["found"]
    assert info["docstring"] not in (None, "<no docstring>")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a real DataLab kernel."""
    prefix: Path = tmp_path_factory.mktemp("prefix")
    kernelspec.install(prefix=prefix)
    specs = KernelSpecManager(kernel_dirs=[str(prefix / "share/jupyter/kernels")])
    manager = KernelManager(
        kernel_name=kernelspec.KERNEL_NAME, kernel_spec_manager=specs
    )
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=30)
    code = "for name in ('my beam', 'mine'): workspace.add(name, np.ones(3))"
    assert client.execute(code, reply=True, timeout=30)["content"]["status"] == "ok"
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.context.destroy(linger=0)


@pytest.mark.parametrize(
    ("line", "finished"),
    [
        ('workspace.get("my b', {'workspace.get("my beam'}),
        ("plotter.plot('", {"plotter.plot('my beam", "plotter.plot('mine"}),
        ('workspace["my b', {'workspace["my beam'}),
    ],
)
def test_the_kernel_completes_names(client, line: str, finished: set[str]) -> None:
    reply = client.complete(line, reply=True, timeout=30)["content"]

    begin, end = reply["cursor_start"], reply["cursor_end"]
    assert {line[:begin] + m + line[end:] for m in reply["matches"]} == finished
