"""The completion of DataLab names and their attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel import kernelspec
from datalab_kernel_core.completion import completed

ATTRIBUTES = {
    "workspace": {"get": "function", "calc": "function", "path": "property"},
    "sigima.proc": {"image": "module"},
}
NAMES = ("beam", "Beam 2", "a/b", 'it\'s "x"', "back\\slash", "über")


class Variables:
    """A workspace and a plotter of it, and a module `sigima`."""

    def names(self, variable: str, *, subscript: bool) -> Sequence[str] | None:
        plotter = variable == "plotter" and not subscript
        return NAMES if variable == "workspace" or plotter else None

    def attributes(self, path: Sequence[str]) -> Mapping[str, str] | None:
        return ATTRIBUTES.get(".".join(path))


def found(line: str) -> list[str]:
    """Return the completions of a line, without what is typed already."""
    return list((completed(line, Variables()) or ("", {}))[1])


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
    typed, completions = completed(line, Variables()) or ("", {})

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
    assert completed(line, Variables()) == (begun, {})


@pytest.mark.parametrize(
    "line",
    [
        'workspace.get("beam"',
        "workspace.get(beam",
        'workspace.rename("beam", "',
        'workspace.save("',
        'other.get("',
        'other["',
        'plotter["',
        'my.workspace.get("',
        'plotter.plot("beam", title="',
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
    assert completed(line, Variables()) is None


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
    assert (completed("workspace.", Variables(), above) is not None) == code


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
        "calc": "function",
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
