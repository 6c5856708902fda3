"""Every public name has a short example in its docstring, and all examples run."""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from support import docstring_examples
from support.docstring_examples import ROOT, Public

PUBLIC = docstring_examples.public_names()
#: Their examples are shown and not run: they need a DataLab, a notebook, or a person
#: who selects something.
NOT_RUN = {
    "datalab_kernel.load_ipython_extension",
    "datalab_kernel.unload_ipython_extension",
    "datalab_kernel_core.load_ipython_extension",
    "datalab_kernel_core.unload_ipython_extension",
    "datalab_kernel_core.Plotter.screenshot",
    "datalab_kernel_core.plotter.screenshot.Screenshot",
    "datalab_workspace.connect",
    "datalab_workspace.Workspace.connect",
    "datalab_workspace.Workspace.resync",
}
MOST_LINES = 6


def _modules() -> dict[str, Path]:
    """Return the modules that show examples, by their dotted name."""
    sources = ROOT.glob("packages/*/src/**/*.py")
    shown = (path for path in sources if ">>> " in path.read_text("utf-8"))
    return {
        ".".join(path.with_suffix("").parts).rpartition(".src.")[2]: path
        for path in sorted(shown)
    }


MODULES = _modules()


@pytest.fixture(autouse=True)
def standalone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run each test in a folder of its own, with no DataLab to attach to."""
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "standalone")
    monkeypatch.chdir(tmp_path)
    yield
    plt.close("all")


@pytest.mark.parametrize("public", [pytest.param(p, id=n) for n, p in PUBLIC.items()])
def test_a_public_name_has_an_example(public: Public) -> None:
    if not public.has_example:
        pytest.fail("no section 'Example:' that begins with '>>> '", pytrace=False)
    examples = doctest.DocTestParser().get_examples(public.docstring)
    run = [e for e in examples if not e.options.get(doctest.SKIP)]
    assert run or public.name in NOT_RUN, "an example that is not run proves nothing"
    lines = sum(example.source.count("\n") for example in examples)
    assert lines <= MOST_LINES, "an example is short"


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str) -> None:
    module = import_module(name.removesuffix(".__init__"))
    reports = docstring_examples.failures(module)
    if reports:
        pytest.fail("\n".join(reports), pytrace=False)


def test_an_example_that_fails_is_noticed() -> None:
    module = type(plt)("wrong")
    module.__doc__ = ">>> len(workspace)\n4\n"
    (report,) = docstring_examples.failures(module)
    assert "Expected:\n    4\nGot:\n    3\n" in report


def test_names_that_are_not_run_exist() -> None:
    assert set() == NOT_RUN - PUBLIC.keys()
