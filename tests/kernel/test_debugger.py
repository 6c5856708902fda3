"""The debugger of JupyterLab, spoken to as JupyterLab speaks."""

from __future__ import annotations

import itertools
import sys
import time
from queue import Empty
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 30.0
# What JupyterLab tells of itself.
CLIENT = {
    "clientID": "jupyterlab",
    "clientName": "JupyterLab",
    "adapterID": "python",
    "pathFormat": "path",
    "linesStartAt1": True,
    "columnsStartAt1": True,
    "supportsVariableType": True,
    "supportsVariablePaging": True,
    "supportsRunInTerminalRequest": True,
    "locale": "en",
}
NO_ANSWER = "the debugger does not answer"


class Debugger:
    """JupyterLab's debugger, for one kernel."""

    def __init__(self, kernel) -> None:
        self.kernel = kernel
        self.client = kernel.client
        self.published: list[dict[str, Any]] = []
        self.seen = 0  # of them, up to the last stop
        self.sequence = 0

    def ask(self, command: str, /, patience: float = PATIENCE, **arguments: Any) -> Any:
        """Send a request over the control channel; return its answer."""
        self.sequence += 1
        request = {"type": "request", "seq": self.sequence, "command": command}
        message = self.client.session.msg(
            "debug_request", {**request, "arguments": arguments}
        )
        self.client.control_channel.send(message)
        deadline = time.monotonic() + patience
        while True:
            try:
                reply = self.client.get_control_msg(
                    timeout=max(0.0, deadline - time.monotonic())
                )
            except Empty:
                raise TimeoutError(f"{NO_ANSWER} to {command}") from None
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply["content"]

    def get(self, command: str, **arguments: Any) -> Any:
        """Send a request that must succeed; return the body of the answer."""
        answer = self.ask(command, **arguments)
        assert answer["success"], answer
        return answer.get("body")

    def start(self) -> None:
        self.get("debugInfo")
        self.get("initialize", **CLIENT)
        self.get("attach")

    def stop(self) -> None:
        self.get("disconnect", restart=False, terminateDebuggee=False)

    def set_breakpoints(self, code: str, *lines: int) -> str:
        """Set the breakpoints of a cell; return the name of its file."""
        path = self.get("dumpCell", code=code)["sourcePath"]
        breakpoints = [{"line": line} for line in lines]
        set_ones = self.get(
            "setBreakpoints",
            breakpoints=breakpoints,
            source={"path": path},
            sourceModified=False,
        )
        assert [point["verified"] for point in set_ones["breakpoints"]] == [True] * len(
            lines
        )
        self.get("configurationDone")
        return path

    def run_to(self, code: str, *lines: int) -> tuple[str, int]:
        """Run a cell up to a breakpoint; return its request and the thread."""
        self.set_breakpoints(code, *lines)
        request = self.client.execute(code)
        return request, self.stopped()

    def stopped(self, reason: str = "breakpoint") -> int:
        """Wait until a thread has stopped; return it."""

        def stops(message: dict[str, Any]) -> bool:
            content = message["content"]
            return content.get("event") == "stopped"

        self.seen, message = self._wait_for(stops, self.seen)
        event = message["content"]
        assert event["body"]["reason"] == reason
        return int(event["body"]["threadId"])

    def step(self, command: str, thread: int) -> tuple[str, int]:
        """Make a step; return in which function it stopped, and where."""
        self.get(command, threadId=thread)
        self.stopped("step")
        return self.stack(thread)[0]

    def frames(self, thread: int) -> list[dict[str, Any]]:
        return list(self.get("stackTrace", threadId=thread)["stackFrames"])

    def stack(self, thread: int) -> list[tuple[str, int]]:
        return [(frame["name"], frame["line"]) for frame in self.frames(thread)]

    def variables(self, thread: int, scope: str, frame: int = 0) -> dict[str, Any]:
        identity = self.frames(thread)[frame]["id"]
        scopes = self.get("scopes", frameId=identity)["scopes"]
        (reference,) = (
            found["variablesReference"] for found in scopes if found["name"] == scope
        )
        found = self.get("variables", variablesReference=reference)["variables"]
        return {variable["name"]: variable for variable in found}

    def finish(self, request: str) -> dict[str, Any]:
        """Wait for the answer of a cell; return its content."""
        deadline = time.monotonic() + PATIENCE
        while True:
            reply = self.client.get_shell_msg(timeout=deadline - time.monotonic())
            if reply["parent_header"].get("msg_id") == request:
                break
        self._wait_for(
            lambda message: (
                message["content"].get("execution_state") == "idle"
                and message["parent_header"].get("msg_id") == request
            )
        )
        return reply["content"]

    def go_on(self, request: str, thread: int) -> dict[str, Any]:
        """Continue; wait until that is known, and for the answer of the cell."""
        since = len(self.published)
        self.get("continue", threadId=thread)
        self._wait_for(
            lambda message: message["content"].get("event") == "continued", since
        )
        return self.finish(request)

    def _wait_for(
        self, wanted: Callable[[dict[str, Any]], bool], since: int = 0
    ) -> tuple[int, dict[str, Any]]:
        """Wait for a message among those published; return also where the next is."""
        deadline = time.monotonic() + PATIENCE
        for position in itertools.count(since):
            while len(self.published) <= position:
                timeout = deadline - time.monotonic()
                self.published.append(self.client.get_iopub_msg(timeout=timeout))
            if wanted(self.published[position]):
                break
        return position + 1, self.published[position]


@pytest.fixture
def debugger(kernel) -> Iterator[Debugger]:
    """JupyterLab's debugger, started; off at the end."""
    debugger = Debugger(kernel)
    debugger.start()
    yield debugger
    debugger.stop()


FUNCTION = """\
def double(a):
    b = a + a
    return b
c = double(21)
d = c
"""


def test_a_cell_stops_at_a_breakpoint_and_goes_on(debugger: Debugger) -> None:
    request, thread = debugger.run_to(FUNCTION, 2)

    assert debugger.stack(thread) == [("double", 2), ("<module>", 4)]
    assert thread in debugger.get("debugInfo")["stoppedThreads"]
    assert debugger.go_on(request, thread)["status"] == "ok"
    assert debugger.get("debugInfo")["stoppedThreads"] == []
    assert debugger.kernel.value("d") == "42"


ABOVE = {
    "nothing": "",
    "an empty line": "\n",
    "lines of blanks": "\n  \n\t\n",
    "a comment": "# a comment\n\n",
    "a comment below an empty line": "\n# a comment\n",
    "a magic": "%precision\n",
    "a magic below an empty line": "\n%precision\n",
    "a command": "!true\n",
}


@pytest.mark.parametrize("above", ABOVE.values(), ids=ABOVE.keys())
def test_a_breakpoint_is_hit_below(debugger: Debugger, above: str) -> None:
    first = above.count("\n")

    request, thread = debugger.run_to(above + FUNCTION, first + 2)

    assert debugger.stack(thread) == [("double", first + 2), ("<module>", first + 4)]
    assert debugger.go_on(request, thread)["status"] == "ok"


def test_a_breakpoint_is_hit_in_indented_lines_below_an_empty_one(
    debugger: Debugger,
) -> None:
    request, thread = debugger.run_to("\n    first = 1\n    last = 2", 3)

    assert debugger.stack(thread) == [("<module>", 3)]
    assert debugger.go_on(request, thread)["status"] == "ok"


def test_a_cell_magic_below_an_empty_line_runs_while_debugging(
    debugger: Debugger,
) -> None:
    assert debugger.kernel.run("\n\n%%time\nprint('inside')").error is None


def test_an_empty_cell_runs_while_debugging(debugger: Debugger) -> None:
    assert debugger.kernel.run("\n \n").status == "ok"


def test_empty_lines_are_removed_when_nothing_debugs(debugger: Debugger) -> None:
    transformed = "get_ipython().transform_cell('\\n\\n1')"
    assert debugger.kernel.value(transformed) == repr("\n\n1\n")

    debugger.stop()

    assert debugger.kernel.value(transformed) == repr("1\n")
    debugger.start()


def test_the_stock_kernel_still_misses_a_breakpoint_below_empty_lines(
    start: Callable,
) -> None:
    """The defect that `repairs.debugger` cures; when this fails, drop that part."""
    debugger = Debugger(start("xpython"))
    debugger.start()
    debugger.set_breakpoints("\nfirst = 1\nlast = 2", 3)

    request = debugger.client.execute("\nfirst = 1\nlast = 2")

    assert debugger.finish(request)["status"] == "ok"


def test_steps_lead_over_into_and_out_of_functions(debugger: Debugger) -> None:
    request, thread = debugger.run_to(FUNCTION, 4)

    assert debugger.step("stepIn", thread) == ("double", 2)
    assert debugger.step("next", thread) == ("double", 3)
    assert debugger.step("stepOut", thread) == ("<module>", 4)
    assert debugger.go_on(request, thread)["status"] == "ok"


def test_a_step_off_the_end_of_a_cell_ends_there(debugger: Debugger) -> None:
    request, thread = debugger.run_to("first = 1\nlast = 2", 2)

    debugger.get("next", threadId=thread)

    assert debugger.finish(request)["status"] == "ok"
    assert debugger.kernel.value("last") == "2"


def test_the_variables_of_a_function_are_shown(debugger: Debugger) -> None:
    request, thread = debugger.run_to(FUNCTION, 3)
    frame = debugger.frames(thread)[0]["id"]

    found = debugger.variables(thread, "Locals")
    evaluated = debugger.get(
        "evaluate", expression="a * 2", context="repl", frameId=frame
    )
    rich = debugger.get("richInspectVariables", variableName="b", frameId=frame)
    debugger.get(
        "copyToGlobals",
        srcVariableName="b",
        dstVariableName="copied",
        srcFrameId=frame,
    )

    assert {name: found[name]["value"] for name in found} == {"a": "21", "b": "42"}
    assert evaluated["result"] == "42"
    assert rich["data"] == {"text/plain": "42"}
    assert debugger.go_on(request, thread)["status"] == "ok"
    assert debugger.kernel.value("copied") == "42"
    assert debugger.kernel.value("[name for name in dir() if '_repr_' in name]") == "[]"


def test_a_variable_is_not_copied_to_what_is_no_name(debugger: Debugger) -> None:
    """xeus-python makes an assignment of the name, which is then executed."""
    request, thread = debugger.run_to(FUNCTION, 3)
    frame = debugger.frames(thread)[0]["id"]

    answer = debugger.ask(
        "copyToGlobals",
        srcVariableName="b",
        dstVariableName="x'] = sneaked = globals()['y",
        srcFrameId=frame,
    )

    assert (answer["success"], answer["command"]) == (False, "copyToGlobals")
    assert "is not a valid name of a variable" in answer["message"]
    assert debugger.go_on(request, thread)["status"] == "ok"
    assert debugger.kernel.value("'x' in globals()") == "False"


def test_the_variables_are_shown_at_each_stop(debugger: Debugger) -> None:
    """JupyterLab asks for them between the stops as well.

    With Python 3.12 and later xeus-python answers them once: debugpy then stops the
    thread that answers.
    """
    for _ in range(3):
        debugger.get("inspectVariables")
        request, thread = debugger.run_to(FUNCTION, 3)
        assert set(debugger.variables(thread, "Locals")) == {"a", "b"}
        assert debugger.go_on(request, thread)["status"] == "ok"


AWAITING = """\
import asyncio
async def slowly():
    await asyncio.sleep(0.01)
    return 42
got = await slowly()
"""
THREAD = """\
import threading
def work():
    result.append(42)
result = []
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


def test_a_cell_that_awaits_stops_in_and_after_what_it_awaits(
    debugger: Debugger,
) -> None:
    request, thread = debugger.run_to(AWAITING, 3)

    assert debugger.stack(thread) == [("slowly", 3), ("<module>", 5)]
    assert debugger.step("next", thread)[0] == "slowly"
    assert debugger.go_on(request, thread)["status"] == "ok"
    assert debugger.kernel.value("got") == "42"


def test_a_thread_stops_at_a_breakpoint(debugger: Debugger) -> None:
    request, thread = debugger.run_to(THREAD, 3)

    assert debugger.stack(thread) == [("work", 3)]
    assert debugger.go_on(request, thread)["status"] == "ok"
    assert debugger.kernel.value("result") == "[42]"


def test_an_interrupt_ends_a_cell_that_is_stopped(debugger: Debugger) -> None:
    request, thread = debugger.run_to("kept = 1\nkept = 2", 2)

    debugger.kernel.interrupt()

    assert debugger.finish(request)["ename"] == "KeyboardInterrupt"
    assert debugger.get("debugInfo")["stoppedThreads"] == []
    debugger.get("continue", threadId=thread)
    assert debugger.kernel.value("kept") == "1"
    request, thread = debugger.run_to("kept = 1\nkept = 2", 2)
    assert debugger.go_on(request, thread)["status"] == "ok"


def test_a_cell_stops_where_it_raises(debugger: Debugger) -> None:
    debugger.get("setExceptionBreakpoints", filters=["raised"])
    code = "def fail():\n    return 1 / 0\nfail()"
    debugger.set_breakpoints(code)
    request = debugger.client.execute(code)

    thread = debugger.stopped("exception")

    assert debugger.stack(thread)[0] == ("fail", 2)
    raised = debugger.get("exceptionInfo", threadId=thread)
    assert "ZeroDivisionError" in raised["exceptionId"]
    debugger.get("setExceptionBreakpoints", filters=[])
    assert debugger.go_on(request, thread)["ename"] == "ZeroDivisionError"


HEAVY = ("sigima", "numpy", "matplotlib.pyplot")


def test_the_variables_view_imports_nothing_and_lists_no_stand_in(
    start: Callable,
) -> None:
    kernel = start(DATALAB_KERNEL_WARMUP="0")
    debugger = Debugger(kernel)
    debugger.start()

    idle = debugger.get("inspectVariables")["variables"]
    request, thread = debugger.run_to("mine = 1\nmine = 2", 2)
    stopped = debugger.variables(thread, "Globals")
    functions = debugger.get(
        "variables",
        variablesReference=stopped["function variables"]["variablesReference"],
    )["variables"]
    debugger.go_on(request, thread)

    injected = {"np", "plt", "sigima", "workspace", "plotter", "create_signal"}
    shown = {variable["name"] for variable in [*idle, *functions]} | set(stopped)
    assert "mine" in shown
    assert not injected & shown
    code = f"[name for name in {HEAVY} if name in __import__('sys').modules]"
    loaded = kernel.value(code)
    assert loaded == "[]"


def test_what_has_been_used_of_the_injected_names_is_listed(debugger: Debugger) -> None:
    debugger.kernel.run("len(workspace)")

    listed = debugger.get("inspectVariables")["variables"]

    assert "workspace" in {variable["name"] for variable in listed}


# It makes a string of the variable's name without the interpreter's lock.
crashes_xeus = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="xeus-python 0.19 crashes with this Python"
)


@crashes_xeus
def test_a_variable_is_rendered_as_a_notebook_shows_it(debugger: Debugger) -> None:
    debugger.kernel.run(
        "class Picture:\n    def _repr_png_(self): return b'\\x89PNG'\n"
        "picture = Picture()\nnumber = 42"
    )

    number = debugger.get("richInspectVariables", variableName="number")
    workspace = debugger.get("richInspectVariables", variableName="workspace")
    picture = debugger.get("richInspectVariables", variableName="picture")

    assert number["data"] == {"text/plain": "42"}
    assert "Workspace" in workspace["data"]["text/plain"]
    assert picture["data"]["image/png"].startswith("iVBOR")
    assert debugger.kernel.value("[name for name in dir() if '_repr_' in name]") == "[]"


@crashes_xeus
def test_the_stock_kernel_still_renders_no_variable(start: Callable) -> None:
    """The defect that `repairs.debugger` cures; when this fails, drop `Inspection`."""
    debugger = Debugger(start("xpython"))
    debugger.start()
    debugger.kernel.run("number = 42")

    with pytest.raises(TimeoutError, match=NO_ANSWER):
        debugger.ask("richInspectVariables", 2, variableName="number")


TIMED = """\
import time
def nothing(): pass
def measure():
    start = time.perf_counter()
    for _ in range(200_000): nothing()
    return time.perf_counter() - start
fastest = min(measure() for _ in range(5))
"""


def test_nothing_is_traced_before_and_after_debugging(start: Callable) -> None:
    kernel = start()
    kernel.run(TIMED + "before = fastest")
    assert kernel.value("repr(__import__('sys').gettrace())") == "'None'"
    debugger = Debugger(kernel)
    debugger.start()
    request, thread = debugger.run_to(FUNCTION, 3)
    debugger.go_on(request, thread)

    debugger.stop()

    assert kernel.value("repr(__import__('sys').gettrace())") == "'None'"
    kernel.run(TIMED)
    # Ten times as long where the cells are still traced.
    assert float(kernel.value("fastest / before")) < 4


def test_switching_off_while_stopped_goes_on(start: Callable) -> None:
    debugger = Debugger(start())
    debugger.start()
    request, _ = debugger.run_to(FUNCTION, 3)

    debugger.stop()

    assert debugger.finish(request)["status"] == "ok"
    assert debugger.kernel.value("d") == "42"


# Long enough for ZeroMQ to connect once more to the adapter.
WHILE = "import time\ntime.sleep(0.2)"


def test_the_debugger_is_switched_on_again(start: Callable) -> None:
    debugger = Debugger(start())
    for _ in range(10):
        debugger.start()
        request, thread = debugger.run_to(FUNCTION, 3)
        assert debugger.go_on(request, thread)["status"] == "ok"
        debugger.stop()
        assert debugger.finish(debugger.client.execute(FUNCTION))["status"] == "ok"
        debugger.kernel.run(WHILE)


def test_the_stock_kernel_still_cannot_be_debugged_again_and_again(
    start: Callable,
) -> None:
    """The defect that `repairs.debug_adapter` cures; when this fails, drop it.

    It shows at the fifth time at the latest, as a rule.
    """
    debugger = Debugger(start("xpython"))

    def switch_on_and_off() -> None:
        for _ in range(40):
            debugger.ask("initialize", 3, **CLIENT)
            debugger.get("attach")
            debugger.stop()
            debugger.kernel.run(WHILE)

    with pytest.raises(TimeoutError, match=f"{NO_ANSWER} to initialize"):
        switch_on_and_off()


def test_the_debugger_works_after_a_restart_while_stopped(start: Callable) -> None:
    debugger = Debugger(start())
    debugger.start()
    debugger.run_to(FUNCTION, 3)

    debugger.kernel.restart()

    debugger.start()
    request, thread = debugger.run_to(FUNCTION, 3)
    assert debugger.go_on(request, thread)["status"] == "ok"


def test_the_debugger_works_after_reset(debugger: Debugger) -> None:
    debugger.kernel.run("%reset -f")

    request, thread = debugger.run_to(FUNCTION, 3)

    assert set(debugger.variables(thread, "Locals")) == {"a", "b"}
    assert debugger.go_on(request, thread)["status"] == "ok"


def test_breakpoint_stops_in_the_front_end_that_debugs(debugger: Debugger) -> None:
    request = debugger.client.execute("first = 1\nbreakpoint()\nlast = 2")

    thread = debugger.stopped()

    # debugpy stops where the next line begins.
    assert debugger.stack(thread) == [("<module>", 3)]
    assert debugger.go_on(request, thread)["status"] == "ok"


def test_what_was_printed_arrives_while_stopped(debugger: Debugger) -> None:
    request, thread = debugger.run_to("print('before')\nlast = 2", 2)
    printed = []  # the end of the line may come in a message of its own

    def arrived(message: dict[str, Any]) -> bool:
        printed.append(message["content"].get("text", ""))
        return "before\n" in "".join(printed)

    debugger._wait_for(arrived)
    assert debugger.go_on(request, thread)["status"] == "ok"
