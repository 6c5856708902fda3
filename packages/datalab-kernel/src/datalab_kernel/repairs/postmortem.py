"""pdb in cells: `%debug`, `%pdb`, `breakpoint()` and `pdb.set_trace()`.

With xeus-python, a breakpoint starts Python's own pdb. At the end of a cell, its next
step enters the code that runs the cell. After the command `continue`, pdb also handles
the interrupts of all later cells. If `%pdb` is on and a cell fails in a front end that
cannot ask for input, the reply is never sent.

Upstream: docs/upstream/postmortem.md
"""

from __future__ import annotations

import bdb
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from datalab_kernel.xeus.registry import NotApplicable
from datalab_kernel_core.imports import ImportHook

if TYPE_CHECKING:
    from pdb import Pdb as Base
    from types import FrameType, ModuleType

    from xeus_python_shell.shell import XPythonShell
else:
    Base = object

IPYTHON = "IPython.core.debugger"
# The modules in which no step ends: they run the cells, or the cells await them.
RUNNERS = (
    "IPython.",
    "asyncio.",
    "datalab_kernel.",
    "selectors.",
    "xeus_python_shell.",
)


def install(shell: XPythonShell) -> None:
    """Let pdb debug the cells of a shell, from its import on."""
    if not hasattr(shell, "debugger") or not hasattr(shell, "run_ast_nodes"):
        raise NotApplicable("IPython's shell has no debugger to repair")
    shell.debugger = partial(_debug, shell.debugger)
    shell.run_ast_nodes = partial(_run_ast_nodes, shell.run_ast_nodes)
    ImportHook({"pdb", IPYTHON}, _replace).install()


def _debug(debugger: Any, *args: Any, **kwargs: Any) -> None:
    """Debug the last error; do not fail while an error is being reported."""
    from IPython.core.error import StdinNotImplementedError

    reporting = sys.exc_info()[1] is not None  # because %pdb is on
    try:
        debugger(*args, **kwargs)
    except StdinNotImplementedError as error:
        if not reporting:
            raise
        sys.stderr.write(f"%pdb: {error}\n")


async def _run_ast_nodes(run_statements: Any, *args: Any, **kwargs: Any) -> bool:
    """Run a cell's statements, and end debugging after them."""
    try:
        return bool(await run_statements(*args, **kwargs))
    finally:
        if isinstance(getattr(sys.gettrace(), "__self__", None), bdb.Bdb):
            sys.settrace(None)
            _stop_tracing(sys._getframe())  # noqa: SLF001


def _stop_tracing(frame: FrameType | None) -> None:
    """Stop tracing the frames that outlive the cell."""
    while frame is not None:
        if isinstance(getattr(frame.f_trace, "__self__", None), bdb.Bdb):
            frame.f_trace = None
        frame = frame.f_back


def _replace(_imported: ModuleType) -> None:
    """Replace Python's and IPython's debuggers by one for cells."""
    import pdb  # noqa: T100

    import IPython.core.debugger as ipython

    # IPython's module imports pdb, so it may be incomplete here.
    base = getattr(ipython, "InterruptiblePdb", None)
    if base is None or issubclass(base, CellDebugging):
        return
    debugger = type("Pdb", (CellDebugging, base), {"__module__": __name__})
    for owner, name in ((pdb, "Pdb"), (ipython, "Pdb"), (ipython, base.__name__)):
        setattr(owner, name, debugger)
    pdb.set_trace = ipython.set_trace


class CellDebugging(Base):
    """A base class that makes the debugger after it stop in user code only."""

    shell: XPythonShell
    initial_frame: FrameType | None = None
    interrupted = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # An interrupt must stop the running code, also after `continue`.
        kwargs["nosigint"] = True
        super().__init__(*args, **kwargs)
        self.report_skipped = False

    def reset(self) -> None:
        """Forget the previous session."""
        # The base class reacts to an interrupt by replacing `stop_here`.
        vars(self).pop("stop_here", None)
        super().reset()

    def stop_here(self, frame: FrameType) -> bool:
        """Return whether a step may end in a frame."""
        return bool(super().stop_here(frame)) and self._is_user_code(frame)

    def user_call(self, frame: FrameType, argument_list: Any) -> None:
        """Stop at the start of a function, but not of a cell's statement."""
        if not self._is_statement(frame):
            super().user_call(frame, argument_list)

    def user_return(self, frame: FrameType, return_value: Any) -> None:
        """Stop at the end of a function, but not of a cell's statement.

        A step leads to the next statement. However, `breakpoint()` may be the last
        statement, and before Python 3.13 the debugger stops only here.
        """
        late = sys.version_info < (3, 13) and frame is self.initial_frame
        if late or not self._is_statement(frame):
            super().user_return(frame, return_value)

    def user_exception(self, frame: FrameType, exc_info: Any) -> None:
        """Stop where an exception passes."""
        if self._is_user_code(frame):
            super().user_exception(frame, exc_info)
        elif exc_info[0] is StopIteration:
            # A statement that awaits has ended, and the step leads to the next one.
            self.set_step()

    def interaction(self, frame: FrameType | None, *args: Any) -> None:
        """Read and execute commands.

        Raises:
            KeyboardInterrupt: If the user interrupts instead of giving a command.
        """
        self.interrupted = False
        super().interaction(frame, *args)
        if self.interrupted and frame is not None:
            raise KeyboardInterrupt

    def _cmdloop(self) -> None:
        try:
            super()._cmdloop()
        except KeyboardInterrupt:
            self.interrupted = True
            raise

    def _is_statement(self, frame: FrameType) -> bool:
        code = frame.f_code
        return frame.f_globals is self.shell.user_ns and code.co_name == "<module>"

    def _is_user_code(self, frame: FrameType) -> bool:
        """Return whether a frame is user code, not the code that runs cells.

        Code that is called by the code that runs cells is not user code either. The
        same applies to the function that shows a result, although a statement of the
        cell calls it.
        """
        if f"{frame.f_globals.get('__name__')}.".startswith(RUNNERS):
            return False
        functions = (
            type(self.shell).run_ast_nodes,
            type(self.shell.displayhook).__call__,
        )
        runners = [function.__code__ for function in functions]
        outer: FrameType | None = frame
        while outer is not None and outer.f_globals is not self.shell.user_ns:
            if outer.f_code in runners:
                return False
            outer = outer.f_back
        return True
