"""The completion of object names in calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel import kernelspec
from datalab_kernel_core.completion import completed

NAMES = ("beam", "Beam 2", "a/b", 'it\'s "x"', "back\\slash", "über")


def names(variable: str) -> Sequence[str]:
    return NAMES if variable in {"workspace", "plotter"} else ()


@pytest.mark.parametrize(
    ("line", "begun", "found"),
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
    ],
)
def test_a_name_is_completed(line: str, begun: str, found: list[str]) -> None:
    assert completed(line, names)[0] == begun
    assert completed(line, names)[1][: len(found)] == found


@pytest.mark.parametrize(
    "line",
    [
        'workspace.get("zzz',
        'workspace.get("beam"',
        "workspace.get(beam",
        'workspace.rename("beam", "',
        'workspace.save("',
        'other.get("',
        'my.workspace.get("',
        'plotter.plot("beam", title="',
        '"workspace.get(',
        "",
    ],
)
def test_nothing_is_offered_where_no_name_is_meant(line: str) -> None:
    assert completed(line, names)[1] == []


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
    assert set(complete('workspace["m')) >= {'workspace["mine', 'workspace["my beam'}


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
