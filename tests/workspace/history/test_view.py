"""The view of a history: text, numbers, gaps. The histories are made by hand."""

from __future__ import annotations

import pytest

from datalab_workspace.history.resolution import resolve
from datalab_workspace.history.steps import (
    Call,
    Cell,
    Code,
    Environment,
    Reference,
    Step,
    Unknown,
)
from datalab_workspace.history.view.builder import Present
from datalab_workspace.history.view.words import cell_line, value_text
from support.made_histories import (
    FIRST,
    LATER,
    call,
    chain,
    given,
    history_of,
    stored,
    unknown,
)

TEXT = """\
final: 5 steps from 2 inputs; sigima 1.3.0, NumPy 2.4.6; complete
  raw               raw = np.arange(3.0) …                    [2]
  wave              read from 'wave.csv'                      [2]
  1 moving_average  of raw, n=7, mode='reflect'               [2]  → 'sm'
  2 difference      of step 1 and wave, x aligned
  3 code            of step 2: n.y = np.clip(n.y, 0.0)        [6]
  4 edit            of step 3, xlabel='Time', regions=1
  5 power           of step 4, power=2.0                      [6]  → 'final'"""


def test_the_text_lists_inputs_and_steps():
    shown = repr(history_of(chain())).splitlines()
    wanted = TEXT.splitlines()
    # The width of columns is not a promise.
    assert [line.split() for line in shown] == [line.split() for line in wanted]


def test_the_attributes_are_what_the_text_shows():
    history = history_of(chain())
    assert [step.number for step in history.steps] == [1, 2, 3, 4, 5]
    assert [item.name for item in history.inputs] == ["raw", "wave"]
    assert history.steps[1].inputs == (1, "wave")
    assert history.steps[0].settings == (("n", "7"), ("mode", "'reflect'"))
    assert history.steps[0].operation == "sigima.signal.moving_average"
    assert history.cells == (FIRST, LATER)
    assert history.complete
    assert history.gaps == ()
    assert history.origin == "power(edit(code(difference(moving_average(raw), wave))))"
    assert history.versions["sigima"] == ("1.3.0",)


def test_equal_steps_in_succession_share_a_row():
    step = given("raw")
    for _ in range(1000):
        step = call("normalize", step, method="energy")
    text = repr(history_of(step))
    assert "1–1000 normalize × 1000" in text
    assert len(text.splitlines()) == 3


def test_many_different_steps_are_cut_and_all_are_listed():
    step = given("raw")
    for number in range(10_000):
        step = call("moving_average", step, n=number)
    history = history_of(step)
    assert len(history.steps) == 10_000
    lines = repr(history).splitlines()
    assert len(lines) < 70
    assert sum("9940 more steps" in line for line in lines) == 1
    assert lines[-1].split()[0] == "10000"


def test_an_object_that_is_present_is_shown_with_its_name_now():
    now = Present("uuid of raw", "renamed", "signal", (2000,))
    first = given("raw")
    history = history_of(
        call("fft", first), present=lambda step: now if step is first else None
    )
    assert history.inputs[0].name == "renamed"
    assert history.inputs[0].uuid == "uuid of raw"
    assert "signal, 2000" in repr(history)


def test_two_inputs_of_one_name_are_told_apart():
    history = history_of(call("difference", given("raw"), given("raw")))
    assert history.steps[0].inputs == ("raw", "raw (2)")


def test_an_object_without_steps_has_a_history():
    history = history_of(given("raw"), name="raw")
    assert repr(history).startswith("raw: 0 steps from 1 input; complete")


@pytest.mark.parametrize(
    ("step", "gap"),
    [
        (unknown(), "how 'an object' was made: it was in DataLab already"),
        (unknown("", folded=7), "7 earlier steps, which were not kept"),
        (
            Step(Reference("u", "raw", (1, "<f8", (2, 3)))),
            "how 'raw' was made: it is not in this workspace, or it has changed",
        ),
        (
            Step(Call("sigima.signal.fft", 1, None), (given("raw"),)),
            "the parameters of step 1, fft",
        ),
        (
            Step(Code(Cell(3, None)), (given("raw"),), Cell(3, None)),
            "the code of step 1",
        ),
        (
            Step(Code(None, "fit.py:12"), (given("raw"),)),
            "the code of step 1, fit.py:12",
        ),
        (
            Step(Code(LATER, certain=False), (given("raw"),), LATER),
            "which cell made step 1, [6] or an earlier one",
        ),
    ],
)
def test_what_is_not_known_is_listed(step: Step, gap: str):
    history = history_of(step)
    assert not history.complete
    assert history.gaps == (gap,)
    assert f"not known: {gap}" in repr(history)
    assert "incomplete" in repr(history).splitlines()[0]


def test_several_versions_are_listed():
    step = call("fft", given("raw"))
    step.environment = Environment({"sigima": "1.0.1", "numpy": "2.4.6"})
    history = history_of(call("normalize", step))
    assert history.versions["sigima"] == ("1.0.1", "1.3.0")
    assert "sigima 1.0.1 and 1.3.0, NumPy 2.4.6" in repr(history)


def test_a_computation_in_datalab_says_so():
    step = Step(Call("sigima.signal.fft", None, {}, place="datalab"), (given("raw"),))
    history = history_of(step)
    assert history.origin == "DataLab: fft(raw)"
    assert "in DataLab" in repr(history)


def test_nothing_breaks_a_line_of_the_text():
    bad = "a\nb\x1b[31m\u202e" + "x" * 1000
    first = stored(Step(Code(Cell(1, bad)), cell=Cell(1, bad)), bad)
    step = Step(Call(f"sigima.signal.{bad}", 1, {bad: bad}), (first,))
    text = repr(history_of(stored(step, bad), name=bad))
    assert len(text.splitlines()) == 3
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) < 400


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.5, "2.5"),
        (None, "None"),
        ("reflect", "'reflect'"),
        ({"$float": "NaN"}, "nan"),
        ({"$complex": [1, {"$float": "Infinity"}]}, "(1 + infj)"),
        ({"$tuple": [1, 2]}, "[1, 2]"),
        ({"$ndarray": {"dtype": "<f8", "shape": [3, 4]}}, "array of 3 × 4 <f8"),
        ({"$datetime": "2026-01-31T12:00:00"}, "2026-01-31T12:00:00"),
        ([{"a": [[1]]}], "[{a=[…]}]"),
        (10**100, "an integer of 333 bits"),
        (b"x", "bytes"),
    ],
)
def test_a_value_in_words(value: object, text: str):
    assert value_text(value) == text


def test_the_line_of_a_cell_that_tells_most():
    text = "# comment\nimport numpy as np\nx = 1\nworkspace.add('raw', x)"
    assert cell_line(text, "raw") == "workspace.add('raw', x) …"
    assert cell_line(text) == "x = 1 …"
    assert cell_line("x = 1") == "x = 1"
    assert cell_line("a = 1\nb.y[3:] *= 2\nw.add('b', b)", "b") == "b.y[3:] *= 2 …"
    assert cell_line("a == b.y\na.b == 1") == "a == b.y …"
    assert cell_line("") == ""


# -- references -----------------------------------------------------------------------


def test_a_reference_is_followed_into_the_history_of_its_object():
    smooth = stored(call("moving_average", given("raw"), n=5), "smooth", crc=7)
    reference = Step(Reference("uuid of smooth", "smooth", (7, "<f8", (2, 3))))
    other = Step(Reference("uuid of smooth", "smooth", (7, "<f8", (2, 3))))
    history = history_of(call("difference", reference, other), find=lambda _: smooth)
    assert [step.what for step in history.steps] == ["moving_average", "difference"]
    assert history.steps[1].inputs == (1, 1)


def test_equal_references_that_lead_nowhere_are_one_input():
    pair = [Step(Reference("u", "raw", (7, "<f8", (2, 3)))) for _ in range(2)]
    history = history_of(call("difference", *pair))
    assert [item.name for item in history.inputs] == ["raw"]


def test_a_ring_of_references_ends():
    rings = {name: Step(Unknown("")) for name in "ab"}
    for name, other in ("ab", "ba"):
        rings[name].action = Call("sigima.signal.fft", 1, {})
        rings[name].inputs = (Step(Reference(other, other)),)
    rings["c"] = Step(Reference("c", "c"))
    history = history_of(rings["a"], find=lambda reference: rings[reference.uuid])
    assert len(history.steps) == 2
    assert len(history.inputs) == 1
    assert len(history_of(rings["c"], find=lambda _: rings["c"]).inputs) == 1


def test_a_deep_history_of_references_needs_no_recursion():
    steps = {0: given("raw")}
    for number in range(1, 5000):
        steps[number] = call("fft", Step(Reference(str(number - 1), "x")))
    found = resolve(steps[4999], lambda reference: steps[int(reference.uuid)])
    assert len(found.steps) == 5000
