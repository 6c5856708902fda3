"""Context variables keep over the cells what a cell sets."""

from __future__ import annotations

import pytest

from support.three_kernels import known

LOST = "runs each cell in a context of its own, and loses what it sets"
SETTINGS = {
    "NumPy's print options": (
        "import numpy as np; np.set_printoptions(precision=2)",
        "str(np.array([1.23456]))",
        "'[1.23]'",
    ),
    "NumPy's error state": (
        "import numpy as np; old = np.seterr(all='raise')",
        "np.geterr()['divide']",
        "'raise'",
    ),
    "the precision of decimals": (
        "import decimal; decimal.getcontext().prec = 50",
        "len(str(decimal.Decimal(1) / 7))",
        "52",
    ),
    "a decimal context": (
        "import decimal; decimal.setcontext(decimal.Context(prec=5))",
        "decimal.Decimal(1) / 7",
        "Decimal('0.14286')",
    ),
    "a trap of decimals": (
        "import decimal; decimal.getcontext().traps[decimal.Inexact] = True",
        "decimal.getcontext().traps[decimal.Inexact]",
        "True",
    ),
    "a variable of the user's": (
        "import contextvars; mine = contextvars.ContextVar('mine'); mine.set(42)",
        "mine.get()",
        "42",
    ),
    "an observer of sigima's": (
        (
            "from sigima.proc import decorator; "
            "observed = decorator.observe_calls(print); observed.__enter__()"
        ),
        "decorator._CALL_OBSERVER.get() is print",
        "True",
    ),
}
each_setting = pytest.mark.parametrize(
    ("cell", "look", "seen"), SETTINGS.values(), ids=SETTINGS
)
AWAIT = "import asyncio; await asyncio.sleep(0)"


@known(stock=LOST)
@each_setting
def test_what_a_cell_sets_holds_in_the_next(own_kernel, cell, look, seen) -> None:
    own_kernel.run(cell)

    assert own_kernel.value(look) == seen


@known(stock=LOST, ipykernel="loses what a cell that awaits sets")
@each_setting
def test_what_a_cell_that_awaits_sets_holds_in_the_next(
    own_kernel, cell, look, seen
) -> None:
    own_kernel.run(f"{AWAIT}\n{cell}\n{AWAIT}")

    assert own_kernel.value(look) == seen


@known(stock=LOST)
@each_setting
def test_a_cell_that_awaits_sees_what_was_set(own_kernel, cell, look, seen) -> None:
    own_kernel.run(cell)

    assert own_kernel.value(f"{AWAIT}\n{look}") == seen


@known(stock=LOST)
def test_a_variable_can_be_reset_in_a_later_cell(own_kernel) -> None:
    own_kernel.run(
        "import contextvars; mine = contextvars.ContextVar('mine', default=1)\n"
        "token = mine.set(2)"
    )

    assert own_kernel.run("mine.reset(token)").error is None
    assert own_kernel.value("mine.get()") == "1"


@known(stock=LOST)
def test_what_a_failing_cell_has_set_holds(own_kernel) -> None:
    own_kernel.run("import decimal; decimal.getcontext().prec = 50; 1 / 0")

    assert own_kernel.value("decimal.getcontext().prec") == "50"


def test_a_task_keeps_to_its_own_context(own_kernel) -> None:
    own_kernel.run(
        "import asyncio, contextvars\nmine = contextvars.ContextVar('mine', default=1)"
        "\nasync def work(): mine.set(2)\nawait asyncio.create_task(work())"
    )

    assert own_kernel.value("mine.get()") == "1"
