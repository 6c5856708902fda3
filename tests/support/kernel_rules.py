"""The rules that the kernel keeps with every xeus-python, tested on each of them."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

BUSY = "print('running', flush=True)\nwhile True: pass"
AWAITING = "import asyncio\nprint('running')\nawait asyncio.sleep(600)"
EVENTS = ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell")


class KernelRules:
    """Tests of a kernel that a subclass gives as the fixture `ruled`."""

    def test_the_canonical_cell_runs(self, ruled: Any) -> None:
        ruled.run("workspace.add('i042', np.random.default_rng(0).random((64, 64)))")

        cell = ruled.run(
            "img = workspace.get('i042')\n"
            "filtered = sigima.proc.image.butterworth(img, cut_off=0.2)\n"
            "workspace.add('filtered_i042', filtered, overwrite=True)\n"
            "plotter.plot('filtered_i042')"
        )

        assert (cell.status, cell.error) == ("ok", None)
        assert b64decode(cell.shown["data"]["image/png"]).startswith(b"\x89PNG")
        assert ruled.value("list(workspace)") == "['i042', 'filtered_i042']"

    @pytest.mark.parametrize("code", [BUSY, AWAITING] * 3)
    def test_an_interrupt_stops_the_cell_and_keeps_the_workspace(
        self, ruled: Any, code: str
    ) -> None:
        ruled.run("workspace.add('kept', np.arange(3.0), overwrite=True)")

        cell = ruled.begin(code, until="running")
        ruled.interrupt()

        assert ruled.finish(cell).status == "error"
        assert ruled.value("'kept' in workspace") == "True"

    def test_an_idle_kernel_ignores_interrupts(self, ruled: Any) -> None:
        for _ in range(5):
            ruled.interrupt()

        assert ruled.value("40 + 2") == "42"

    def test_an_error_is_reported_and_the_next_cell_runs(self, ruled: Any) -> None:
        failed = ruled.run("1 / 0")

        assert failed.status == "error"
        assert failed.error == "ZeroDivisionError: division by zero"
        assert ruled.run("print('next')").stdout == "next\n"

    @pytest.mark.parametrize("code", ["def", "%no_such_magic", "raise KeyError(1)"])
    def test_what_fails_is_an_error(self, ruled: Any, code: str) -> None:
        assert ruled.run(code).status == "error"

    def test_what_a_cell_sets_holds_in_the_next(self, ruled: Any) -> None:
        ruled.run("import decimal; decimal.getcontext().prec = 7")

        assert ruled.value("decimal.getcontext().prec") == "7"

    def test_a_nested_cell_runs(self, ruled: Any) -> None:
        ruled.run("%%capture captured\nprint('inside')")

        assert ruled.value("captured.stdout") == r"'inside\n'"

    def test_the_events_of_a_cell_are_triggered_once(self, ruled: Any) -> None:
        ruled.run(
            f"seen = []\nfor name in {EVENTS}:\n"
            "    get_ipython().events.register(\n"
            "        name, lambda *result, name=name: seen.append(name))"
        )
        ruled.run("seen.clear()")
        ruled.run("seen.append('cell')")

        expected = [*EVENTS[2:], *EVENTS[:2], "cell", *EVENTS[2:]]
        found = ruled.value("seen[:7]")  # IPython wraps the list
        assert found.split() == repr(expected).split()
