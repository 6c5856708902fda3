"""pdb in cells: `%debug`, `%pdb`, `breakpoint()`, `pdb.set_trace()`.

With xeus-python the plain pdb is what a breakpoint starts. It steps from the code of a
cell into the code that runs the cell, and once it has been told to continue, it takes
the interrupts of all later cells. With `%pdb` on, a front end that takes no input never
gets the answer of a cell that fails.
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
# Where no step ends: in what runs the cells, and what they are awaited by.
RUNNERS = (
    "IPython.",
    "asyncio.",
    "datalab_kernel.",
    "selectors.",
    "xeus_python_shell.",
)


def install(shell: XPythonShell) -> None:
    """Let pdb, once it is imported, debug the cells of `shell`."""
    if not hasattr(shell, "debugger") or not hasattr(shell, "run_ast_nodes"):
        raise NotApplicable("IPython's shell has no debugger")
    shell.debugger = partial(_debug, shell.debugger)
    shell.run_ast_nodes = partial(_run_ast_nodes, shell.run_ast_nodes)
    ImportHook({"pdb", IPYTHON}, _replace).install()


def _debug(debugger: Any, *args: Any, **kwargs: Any) -> None:
    """Debug the last error; if that is how an error is reported, never fail."""
    from IPython.core.error import StdinNotImplementedError

    reporting = sys.exc_info()[1] is not None  # %pdb is on
    try:
        debugger(*args, **kwargs)
    except StdinNotImplementedError as error:
        if not reporting:
            raise
        sys.stderr.write(f"%pdb: {error}\n")


async def _run_ast_nodes(run_statements: Any, *args: Any, **kwargs: Any) -> bool:
    """Run a cell's statements, and let no debugger go on behind them."""
    try:
        return bool(await run_statements(*args, **kwargs))
    finally:
        if isinstance(getattr(sys.gettrace(), "__self__", None), bdb.Bdb):
            sys.settrace(None)
            _forget(sys._getframe())  # noqa: SLF001


def _forget(frame: FrameType | None) -> None:
    """Have the frames that outlive the cell traced no more."""
    while frame is not None:
        if isinstance(getattr(frame.f_trace, "__self__", None), bdb.Bdb):
            frame.f_trace = None
        frame = frame.f_back


def _replace(_imported: ModuleType) -> None:
    """Put a debugger for cells in the place of Python's and of IPython's."""
    import pdb  # noqa: T100

    import IPython.core.debugger as ipython

    # IPython's module imports pdb: it may not be complete yet.
    base = getattr(ipython, "InterruptiblePdb", None)
    if base is None or issubclass(base, CellDebugging):
        return
    debugger = type("Pdb", (CellDebugging, base), {"__module__": __name__})
    for owner, name in ((pdb, "Pdb"), (ipython, "Pdb"), (ipython, base.__name__)):
        setattr(owner, name, debugger)
    pdb.set_trace = ipython.set_trace


class CellDebugging(Base):
    """Makes IPython's debugger stop in the user's code alone, for a class before it."""

    shell: XPythonShell
    initial_frame: FrameType | None = None
    interrupted = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # An interrupt stops what runs also after `continue`, as always.
        kwargs["nosigint"] = True
        super().__init__(*args, **kwargs)
        self.report_skipped = False

    def reset(self) -> None:
        """Forget the session before."""
        # Not to stop any more is how the base reacts to an interrupt.
        vars(self).pop("stop_here", None)
        super().reset()

    def stop_here(self, frame: FrameType) -> bool:
        """Whether a step leads to a frame."""
        return bool(super().stop_here(frame)) and self._is_of_user(frame)

    def user_call(self, frame: FrameType, argument_list: Any) -> None:
        """Stop where a function begins, but not where a statement of a cell does."""
        if not self._is_statement(frame):
            super().user_call(frame, argument_list)

    def user_return(self, frame: FrameType, return_value: Any) -> None:
        """Stop where a function ends, but not where a statement of a cell does.

        A step leads to the next statement. But `breakpoint()` may be the last, and
        before Python 3.13 it stops only here.
        """
        late = sys.version_info < (3, 13) and frame is self.initial_frame
        if late or not self._is_statement(frame):
            super().user_return(frame, return_value)

    def user_exception(self, frame: FrameType, exc_info: Any) -> None:
        """Stop where an exception comes by."""
        if self._is_of_user(frame):
            super().user_exception(frame, exc_info)
        elif exc_info[0] is StopIteration:
            # A statement that awaits has ended; the step leads to the next.
            self.set_step()

    def interaction(self, frame: FrameType | None, *args: Any) -> None:
        """Answer commands.

        Raises:
            KeyboardInterrupt: Instead of a command, where code would go on.
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

    def _is_of_user(self, frame: FrameType) -> bool:
        """Whether a frame belongs neither to what runs a cell nor to what that calls.

        Python calls what shows a result from within the statement.
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
