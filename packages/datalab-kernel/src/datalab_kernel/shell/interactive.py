"""The shell of the kernel: IPython's, with what a notebook expects in addition.

Libraries recognise a notebook by the name of the shell's class and by a section of its
configuration, so the class has the name that ipykernel uses. The errors of a cell are
collected for its reply. Every other traceback, for example of `%tb` or of a cell that
the code of a cell runs, is written to standard error.

Upstream: docs/upstream/errors.md, docs/upstream/virtualenv.md
"""

from __future__ import annotations

import builtins
import contextvars
import os
import sys
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.async_helpers import _asyncio_runner
from IPython.core.autocall import ZMQExitAutocall
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Any as Any_
from traitlets import default
from xeus_python_shell.compiler import XCachingCompiler
from xeus_python_shell.shell import XPythonShell

from datalab_kernel.repairs import streams
from datalab_kernel.shell.magics import KernelMagics
from datalab_kernel.shell.reply import Report, describe, text_of
from datalab_kernel.shell.request_link import RequestLink
from datalab_kernel.shell.safe_json import safe_text
from datalab_kernel.xeus import loopback, request_context

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

# The methods that report an error, and those that run a cell.
REPORTS = ("showtraceback", "showsyntaxerror", "showindentationerror")
RUNNERS = ("run_code", "run_ast_nodes", "run_cell_async", "_run_cell")
MODULES = ("IPython.core.interactiveshell", "datalab_kernel.repairs.interrupt")

# The variable of the environment that names the file of all cells.
CELL_NAME = "IPYKERNEL_CELL_NAME"
# How many cells run within each other: 1 for the cell of a request.
_depth = contextvars.ContextVar("depth", default=0)


class Compiler(XCachingCompiler):  # type: ignore[misc]  # it has no types
    """The compiler of cells, which names a file for each."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """Return the file name of a cell."""
        # A variable of ipykernel, with which tests name the cells of a notebook.
        name = os.environ.get(CELL_NAME)
        return name or str(super().get_code_name(safe_text(raw_code), code, number))


class ZMQInteractiveShell(RequestLink, XPythonShell):  # type: ignore[misc]  # it has no types
    """The shell in which the cells of a notebook run."""

    # xeus-python's class replaces both by a function for its own use.
    loop_runner = _asyncio_runner
    loop_runner_map = InteractiveShell.loop_runner_map

    keepkernel_on_exit: bool | None = None
    kernel = Any_(help="The kernel, which xeus-python provides.")

    def __init__(self, *args: Any, **options: Any) -> None:
        self._reports: list[Report] | None = None
        # xeus-python's own `__init__` would override the user's choice of completer.
        super(XPythonShell, self).__init__(*args, **options)
        # Libraries look for this section, and for the file in it.
        section = self.config.IPKernelApp
        section.setdefault("connection_file", loopback.connection_file())

    def init_virtualenv(self) -> None:
        """Do not use the packages of an activated virtual environment.

        In a terminal, IPython gives them priority over its own. A kernel whose
        kernelspec names a different Python would then import the packages of the
        Jupyter server's environment, which may be built for another version.
        """

    def init_magics(self) -> None:
        """Register IPython's magics and those of a kernel."""
        super().init_magics()
        self.register_magics(KernelMagics)

    @default("exiter")
    def _default_exiter(self) -> ZMQExitAutocall:
        exiter: Any = ZMQExitAutocall  # IPython has no types
        return exiter(self)  # type: ignore[no-any-return]

    def _format_exception_for_storage(
        self, exception: BaseException, *args: Any, **options: Any
    ) -> Any:
        """Return the description of an error for the history.

        The methods of the exception, which are the user's own code, may fail.
        """
        try:
            return super()._format_exception_for_storage(exception, *args, **options)
        except Exception:  # noqa: BLE001  # the user's own code may run
            failure = describe(exception)
            return {
                "ename": failure.name,
                "evalue": failure.message,
                "traceback": list(failure.lines),
            }

    async def run_request(
        self, code: str, *, silent: bool = False, **options: Any
    ) -> Any:
        """Run the cell of a request; return IPython's `ExecutionResult`.

        Args:
            code: The cell, with magics.
            silent: Show no result and keep no history.
            options: Further options of `run_cell_async`.
        """
        failure = None
        try:
            transformed = self.transform_cell(code)
        except Exception:  # noqa: BLE001  # IPython reports it
            transformed, failure = code, sys.exc_info()
        return await self.run_cell_async(
            code,
            silent=silent,
            transformed_cell=transformed,
            preprocessing_exc_tuple=failure,
            **options,
        )

    async def run_cell_async(self, *args: Any, **options: Any) -> Any:
        """Run a cell, as `InteractiveShell.run_cell_async` does."""
        token = _depth.set(_depth.get() + 1)
        try:
            return await super(XPythonShell, self).run_cell_async(*args, **options)
        finally:
            _depth.reset(token)

    @contextmanager
    def reporting(self) -> Iterator[list[Report]]:
        """Collect the tracebacks of a cell for the time of a `with` block."""
        reports: list[Report] = []
        self._reports = reports
        try:
            yield reports
        finally:
            self._reports = None

    def showtraceback(
        self,
        exc_tuple: Any = None,
        filename: str | None = None,
        tb_offset: int | None = None,
        exception_only: bool = False,
        running_compiled_code: bool = False,
    ) -> None:
        """Report an exception, as `InteractiveShell.showtraceback` does.

        IPython prints the traceback of an exception group instead of reporting it.
        """
        try:
            etype, value, trace = self._get_exc_info(exc_tuple)
        except ValueError:  # there has been no exception; IPython reports that
            value = None
        if exception_only or not _has_group(value):
            super().showtraceback(
                exc_tuple, filename, tb_offset, exception_only, running_compiled_code
            )
            return
        lines = traceback.format_exception(etype, value, _of_user(trace))
        self._showtraceback(etype, value, "".join(lines).splitlines())
        if self.call_pdb:
            self.debugger(force=True)

    def _showtraceback(self, _etype: Any, evalue: Any, stb: Any) -> None:
        of_result = bool(self.displayhook.formatting)
        if of_result or _runs_cell(sys._getframe(1)):  # noqa: SLF001
            self._report(evalue, stb, of_result=of_result)
        else:
            _write(stb)

    def show_usage_error(self, exc: BaseException) -> None:
        """Report a magic that does not exist or is misused."""
        self._report(exc, [f"UsageError: {text_of(exc)}"])

    def _report(self, error: Any, lines: Any, *, of_result: bool = False) -> None:
        if self._reports is not None and _depth.get() == 1:
            self._reports.append(Report(error, lines, of_result=of_result))
        else:
            _write(lines)

    def set_next_input(self, text: str, replace: bool = False) -> None:
        """Let the front end insert a cell, or replace the present one.

        Args:
            text: The content of the cell.
            replace: Replace the present cell.
        """
        self.payload_manager.write_payload(
            {"source": "set_next_input", "text": text, "replace": replace}
        )

    def ask_exit(self) -> None:
        """Let the front end shut down the kernel, or close and keep it."""
        keep = self.keepkernel_on_exit
        self.payload_manager.write_payload(
            {"source": "ask_exit", "keepkernel": bool(keep)}
        )

    @property
    def parent_header(self) -> dict[str, Any]:
        """The request whose code is running: a message with its header."""
        return request_context.parent()

    def get_parent(self) -> dict[str, Any]:
        """Return the request whose code is running: a message with its header."""
        return request_context.parent()


def _runs_cell(frame: FrameType | None) -> bool:
    """Return whether the code that runs a cell reports its error."""
    while frame is not None and frame.f_code.co_name in REPORTS:
        frame = frame.f_back
    return (
        frame is not None
        and frame.f_code.co_name in RUNNERS
        and frame.f_globals.get("__name__") in MODULES
    )


def _write(lines: Any) -> None:
    """Show a traceback, also if the code of a cell captures its output."""
    if isinstance(lines, str):
        lines = [lines]
    streams.error_stream().write("\n".join([*map(str, lines or ()), ""]))


def _has_group(error: BaseException | None) -> bool:
    """Return whether an exception, or one of its contexts, is an exception group."""
    # Python 3.10 has no exception groups.
    group: Any = getattr(builtins, "BaseExceptionGroup", ())
    while error is not None:
        if isinstance(error, group):
            return True
        error = error.__context__
    return False


def _of_user(trace: TracebackType | None) -> TracebackType | None:
    """Return the part of a traceback that begins with the user's code."""
    start = trace
    while start is not None:
        module = str(start.tb_frame.f_globals.get("__name__"))
        if not module.startswith(("IPython.", "datalab_kernel.")):
            return start
        start = start.tb_next
    return trace
