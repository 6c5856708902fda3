"""Every public name has a short example in its docstring, and all examples run."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from support import docstring_examples
from support.docstring_examples import ROOT, Public

# ipympl's toolbar passes traitlets an argument that it does not take.
pytestmark = pytest.mark.filterwarnings("ignore:Passing unrecognized arguments")

PUBLIC = docstring_examples.public_names()
#: Names with an example that is shown and not run: it needs a window of DataLab.
NOT_RUN = re.compile("screenshot", re.IGNORECASE)
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
    assert run or NOT_RUN.search(public.name), "an example must run"
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
