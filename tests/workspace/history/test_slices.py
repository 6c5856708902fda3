"""The cells that a cell needs: those that gave its names their meaning."""

from __future__ import annotations

import pickle

import IPython.core.inputtransformer2  # noqa: F401  # it knows the magics of cells
import pytest

from datalab_workspace.history.cells.running_cell import CellLog
from datalab_workspace.history.cells.slices import slice_of, with_needed
from datalab_workspace.history.cells.text import parsed
from datalab_workspace.history.steps import (
    Cell,
    Code,
    RecordHistory,
    Step,
    Stored,
    Unknown,
)


def needed(*texts: str, failed: int = -1) -> list[int]:
    """Return the positions of the cells that the last one needs, and its own."""
    log = CellLog()
    cells = [log.add(number, text) for number, text in enumerate(texts)]
    if failed >= 0:
        cells[failed].failed = True
    return [cell.number for cell in with_needed([cells[-1]])]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a = 1", "b = 2", "c = a"], [0, 2]),
        (["a = 1", "a = 2", "c = a"], [1, 2]),
        (["a = 1", "b = a", "a = 2", "c = b"], [0, 1, 3]),
        (["a = [1]", "a.append(2)", "len(a)", "c = a"], [0, 1, 3]),
        (["a = f()", "a.y = 2", "c = a"], [0, 1, 2]),
        (["a = f()", "a.y[3] += 1", "print(a.y)", "c = a"], [0, 1, 3]),
        (["a = f()", "y = a.y", "y[0] = 1", "c = a"], [0, 1, 2, 3]),
        (["d = f()", "i = create_image('i', d)", "d[0] = 1", "c = i"], [0, 1, 2, 3]),
        (["a = f()", "y = a.y.copy()", "y[0] = 1", "c = a"], [0, 3]),
        (["a = f()", "for b in [a]: b.y *= 2", "c = a"], [0, 1, 2]),
        (["a = f()", "change(a)", "c = a"], [0, 1, 2]),
        (["a = f()", "np.clip(a, 0, 1, out=a)", "c = a"], [0, 1, 2]),
        (["a = f()", "plt.plot(a)", "c = a"], [0, 2]),
        (["a = f()", "if a.ok: a = g()", "c = a"], [0, 1, 2]),
        (["a = 1", "try: a = 2\nexcept E as e: pass", "c = a"], [0, 1, 2]),
        (["a = 1", "del a", "c = a"], [1, 2]),
        (["import a.b", "c = a.b.d"], [0, 1]),
        (["from m import *", "c = d"], [0, 1]),
        (["def f(x): return x * k", "k = 2", "c = f(1)"], [0, 1, 2]),
        (["k = 1", "def f(x): return x * k", "k = 2", "c = f(1)"], [1, 2, 3]),
        (["n = g()", "def f(): n.y[0] = 1", "f()", "c = n"], [0, 1, 2, 3]),
        (["def f(): global a; a = 1", "f()", "c = a"], [0, 1, 2]),
        (["k = 1", "class A:\n    def f(self): return k", "c = A().f()"], [0, 1, 2]),
        (["k = 1", "f = lambda x: x * k", "c = f(1)"], [0, 1, 2]),
        (["x = 1", "c = [x for x in range(3)]"], [1]),
        (["x = 1", "c = [y * x for y in range(3)]"], [0, 1]),
        (["r = default_rng(0)", "a = r.normal()", "c = r.normal()"], [0, 1, 2]),
        (["np.random.seed(0)", "np.random.rand()", "c = np.random.rand()"], [0, 1, 2]),
        (["w = workspace", "w.add('a', 1)", "c = w['a']"], [0, 2]),
        (["workspace.add('a', 1)", "c = workspace['a']"], [1]),
        (["workspace.rename('a', 'b')", "c = workspace['b']"], [0, 1]),
        (["sigima.options.fft.set(1)", "c = sigima.f()"], [0, 1]),
        (["async def f(): return 1", "a = await f()", "c = a"], [0, 1, 2]),
        (["a = 1", "match a:\n    case int() as b: pass", "c = b"], [0, 1, 2]),
        (["with open(f) as a: pass", "c = a"], [0, 1]),
        (["a: int = 1", "(b := a)", "c = b"], [0, 1, 2]),
        (["%time a = 1", "%matplotlib inline", "c = a"], [0, 2]),
        (["%%time\na = 1", "%%bash\na=2", "c = a"], [0, 2]),
        (["%run setup.py", "c = a"], [0, 1]),
        (["a = 1", "%reset -f", "a = 2", "c = a"], [2, 3]),
        (["get_ipython().run_cell('a = 1')", "c = a"], [0, 1]),
        (["files = !ls", "c = files"], [0, 1]),
        (["exec('a = 1')", "c = a"], [0, 1]),
    ],
)  # fmt: skip
def test_a_cell_needs_those_that_gave_its_names_their_meaning(
    texts: list[str], expected: list[int]
) -> None:
    assert needed(*texts) == expected


def test_a_cell_that_failed_may_have_left_the_names_as_they_were() -> None:
    assert needed("a = 1", "b = 1 / 0; a = 2", "c = a", failed=1) == [0, 1, 2]


def test_texts_are_parsed_when_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    count: list[str] = []

    def counted(text: str, *options: object) -> object:
        count.append(text)
        return parsed(text, *options)

    monkeypatch.setattr("datalab_workspace.history.cells.slices.parsed", counted)
    log = CellLog()
    cells = [log.add(number, f"a{number} = 1") for number in range(20)]
    assert not count
    assert cells[-1].needs == cells[-2].needs == ()
    assert len(count) == 20


def test_a_slice_has_the_cell_that_added_the_object_and_those_between() -> None:
    log = CellLog()
    made = log.add(1, "n = f()")
    called = log.add(2, "q = power(n)")
    added = log.add(3, "workspace['final'] = q")
    log.add(4, "other = 1")
    step = Step(Code(made), (Step(Unknown("given")),), made)
    latest = Step(Unknown("a call"), (step,), called, stored=Stored("", "final"))
    latest.stored = Stored("", "final", cell=added)

    assert slice_of(latest) == [made, called, added]
    assert slice_of(latest, roots=[step]) == [made, called, added]  # for the name n


def test_cells_of_two_sessions_are_not_mixed() -> None:
    first = [Cell(n, f"a{n}", (), session="first", order=n) for n in (1, 2)]
    second = [Cell(n, f"b{n}", (), session="second", order=n) for n in (1, 2)]
    second[1].needs = (second[0],)
    steps = Step(Code(first[0]), (), first[0])
    steps = Step(Code(first[1]), (steps,), first[1])
    steps = Step(Code(second[1]), (steps,), second[1])

    assert slice_of(steps) == [*first, *second]


def test_a_cell_that_a_file_contains_twice_is_one_with_its_text() -> None:
    known = Cell(1, "a = 1", (), session="s", order=1)
    without = Cell(1, None, None, session="s", order=1)

    assert with_needed([without, known]) == [known]


def test_a_long_chain_of_cells_can_be_pickled() -> None:
    log = CellLog()
    cells = [log.add(0, "a = f()"), *(log.add(n, "a = a + 1") for n in range(2000))]
    step = Step(Code(cells[-1]), (), cells[-1])

    history = pickle.loads(pickle.dumps(RecordHistory(step, {}, None)))

    assert [cell.text for cell in slice_of(history.step)] == [c.text for c in cells]


@pytest.mark.parametrize(
    "text", ["(" * 10_000, "-" * 100_000 + "1", "a\0b", "%%html\n<b>", "\ud800 = 1"]
)
def test_a_text_that_is_no_python_has_no_names(text: str) -> None:
    assert needed("a = 1", text, "c = a") == [0, 2]
