"""The display of a history in a notebook."""

from __future__ import annotations

from datalab_kernel_core.display.history_html import history_html, history_text
from datalab_kernel_core.display.replay_html import replay_html, replay_text
from datalab_workspace.history.replay.verdict import Replay, Verdict
from datalab_workspace.history.steps import Call, Cell, Code, Step
from support.made_histories import (
    LATER,
    call,
    chain,
    given,
    history_of,
    stored,
    unknown,
)
from support.parsed_html import Parsed

ATTACK = "</td><script>alert(1)</script><img src=x onerror='alert(2)'>\"&"
MAX_HTML = 200_000


def test_a_history_is_a_table_of_inputs_and_one_of_steps():
    shown = Parsed(history_html(history_of(chain())))
    assert shown.tags.count("table") == 2
    for part in ("raw", "wave", "read from 'wave.csv'", "moving_average", "x aligned"):
        assert part in shown.text
    assert "n = 7, mode = 'reflect'" in shown.text
    assert "5 steps from 2 inputs; sigima 1.3.0, NumPy 2.4.6; complete" in shown.text
    assert history_text(history_of(chain())).startswith("final: 5 steps")


def test_the_cells_are_shown_on_a_click():
    shown = history_html(history_of(chain()))
    folded = shown[shown.index("<details>") :]
    assert "2 cells" in folded
    assert f"<pre>{LATER.text}</pre>" in folded


def test_the_gaps_are_shown():
    shown = Parsed(history_html(history_of(call("fft", unknown()))))
    assert "incomplete" in shown.text
    assert "Not known: how 'an object' was made" in shown.text


def test_no_string_of_a_history_becomes_html():
    cell = Cell(1, ATTACK)
    first = stored(Step(Code(cell), cell=cell), ATTACK)
    step = Step(Call(f"sigima.signal.{ATTACK}", 1, {ATTACK: ATTACK}), (first,), cell)
    shown = Parsed(history_html(history_of(stored(step, ATTACK), name=ATTACK)))
    assert not {"script", "img"} & set(shown.tags)
    assert shown.attributes <= {"class", "title"}


def test_a_long_history_costs_little():
    step = given("raw")
    for number in range(10_000):
        cell = Cell(number, "x = 1\n" * 10_000)
        step = stored(call("moving_average", step, cell=cell, n=number), "x" * 500)
    shown = history_html(history_of(step))
    assert "9800 more steps" in shown
    assert len(shown) < 2 * MAX_HTML


# -- replays --------------------------------------------------------------------------


def replayed(**values: object) -> Replay:
    versions = {"sigima": "1.0.1", "numpy": "2.2.6"}
    return Replay(**{"name": "final", "versions": versions, **values})


def test_a_verdict_is_a_table_of_facts():
    verdict = replayed(
        verdict=Verdict.DIFFERENT,
        reason="by up to 1.24",
        steps=3,
        seconds=0.123,
        inputs=("raw",),
        largest=1.24,
        allowed=(0.0, 1e-8),
        recorded={"sigima": "1.3.0"},
    )
    shown = Parsed(replay_html(verdict))
    facts = shown.text.splitlines()
    for fact in ("different", "1.24", "1e-08 of the value", "3 in 0.12 s", "raw"):
        assert fact in facts
    assert "sigima 1.0.1, numpy 2.2.6" in facts
    assert "sigima 1.3.0" in facts
    assert replay_text(verdict) == str(verdict)


def test_no_string_of_a_verdict_becomes_html():
    verdict = replayed(
        name=ATTACK,
        verdict=Verdict.NOT_REPLAYABLE,
        reason=ATTACK,
        inputs=(ATTACK,),
        differs_from=ATTACK,
        recorded={ATTACK: ATTACK},
    )
    assert not {"script", "img"} & set(Parsed(replay_html(verdict)).tags)
