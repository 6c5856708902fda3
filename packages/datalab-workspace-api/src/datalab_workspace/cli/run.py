"""Compute a chain over many items from a shell, or look at such a run.

The exit code is 0 if all items are done, 3 if some failed, and 4 if items are left.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from datalab_workspace.cli.chain_argument import chain_of, value_of
from datalab_workspace.cli.copy import LIVE, workspace_at
from datalab_workspace.errors import WorkspaceError
from datalab_workspace.model.record import KINDS
from datalab_workspace.result_text import printable

if TYPE_CHECKING:
    from datalab_workspace.batch.results.run import Run
    from datalab_workspace.workspace import Workspace

_ALL_DONE, _SOME_FAILED, _UNFINISHED = 0, 3, 4
_PROJECTS = (".h5", ".hdf5")
_UNITS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


class RunArgumentError(WorkspaceError, ValueError):
    """The arguments of the command `run` are not right; the message says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "chain",
        nargs="?",
        metavar="CHAIN",
        help="steps separated by commas, such as 'normalize,moving_average:n=5,fwhm'; "
        "'module:function' or 'file.py:function'; or a .toml or .json file",
    )
    parser.add_argument(
        "items",
        nargs="*",
        metavar="ITEM",
        help="measured files, patterns such as 'scans/*.csv', folders, projects, or "
        "'live'",
    )
    parser.add_argument(
        "--with-from",
        metavar="PROJECT",
        help="the project, or 'live', with the second operands that the chain names, "
        "as in 'difference:with_=background' (default: the project or 'live' that is "
        "the only ITEM)",
    )
    parser.add_argument(
        "-o", "--out", help="the summary project to write; it is needed to resume"
    )
    parser.add_argument(
        "--status", metavar="OUT", help="print how far a run is, and compute nothing"
    )
    parser.add_argument(
        "--keep",
        choices=("objects", "table"),
        default="objects",
        help="keep the objects that the chain makes, or only the table "
        "(default: objects)",
    )
    parser.add_argument(
        "--on",
        help="processes (the default), threads, serial, or the address of a dask "
        "scheduler",
    )
    parser.add_argument("--workers", type=int, help="number of workers")
    parser.add_argument(
        "--kind", choices=KINDS, help="take only signals or only images"
    )
    parser.add_argument(
        "--read",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option for reading measured files, such as decimal=, or "
        "encoding=latin-1; may be repeated",
    )
    _add_limits(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--item-timeout", type=float, metavar="SECONDS", help="time limit of an item"
    )
    parser.add_argument(
        "--memory-limit",
        type=_size,
        metavar="SIZE",
        help="memory that a worker may use, such as 2G",
    )
    parser.add_argument(
        "--restart",
        action="store_true",
        help="begin again if OUT was made by another chain",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace OUT if it was not made by a run",
    )


def _size(text: str) -> int:
    unit = text[-1:].upper()
    number = text[:-1] if unit in _UNITS else text
    try:
        return int(float(number) * _UNITS.get(unit, 1))
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r:.40} is not a size, such as 2G or 500M"
        ) from error


def run(options: argparse.Namespace) -> tuple[str, Any, int]:
    """Carry out the command.

    Returns:
        The output as text and as data for JSON, and the exit code.

    Raises:
        RunArgumentError: The arguments are not right.
        WorkspaceError: The items cannot be listed, or another process works on the
            run.
        OSError: A file cannot be read or written.
    """
    found, code = _opened(options) if options.status is not None else _computed(options)
    return str(found), as_json(found), code


def _opened(options: argparse.Namespace) -> tuple[Run, int]:
    from datalab_workspace.batch import calls

    if options.chain is not None:
        raise RunArgumentError("--status takes no CHAIN and no ITEM")
    found = calls.open_run(options.status)
    return found, _exit_code(found)


def _computed(options: argparse.Namespace) -> tuple[Run, int]:
    from datalab_workspace.batch import calls
    from datalab_workspace.batch.errors import BatchStoppedError

    if options.chain is None or not options.items or options.out is None:
        raise RunArgumentError("a run needs CHAIN, at least one ITEM, and --out OUT")
    try:
        items = _items(options)
        chain = chain_of(options.chain, _operands(options, items))
        found = calls.map_items(chain, items, **_arguments(options))
    except BatchStoppedError as error:
        if error.run is None:
            raise
        _report(f"error: {error}")
        return error.run, _UNFINISHED
    except KeyboardInterrupt:
        _report("interrupted; repeat the command to continue the run")
        raise
    except WorkspaceError:
        raise
    except (ValueError, TypeError, ImportError, AttributeError) as error:
        raise RunArgumentError(str(error)) from error
    except KeyError as error:  # its string has quotes
        raise RunArgumentError(str(error.args[0])) from error
    return found, _exit_code(found)


def _items(options: argparse.Namespace) -> Any:
    if options.items == [LIVE]:
        return workspace_at(LIVE, options.url)
    return options.items


def _operands(options: argparse.Namespace, items: Any) -> Workspace | None:
    """Return the workspace with the second operands; None if there is none."""
    if options.with_from is not None:
        return workspace_at(options.with_from, options.url)
    if not isinstance(items, list):
        return cast("Workspace", items)
    if len(items) == 1 and items[0].lower().endswith(_PROJECTS):
        return workspace_at(items[0], None) if Path(items[0]).is_file() else None
    return None


def _arguments(options: argparse.Namespace) -> dict[str, Any]:
    on = options.on
    return {
        "out": options.out,
        "keep": options.keep,
        "on": int(on) if on is not None and on.isdecimal() else on,
        "workers": options.workers,
        "kind": options.kind,
        "item_timeout": options.item_timeout,
        "memory_limit": options.memory_limit,
        "restart": options.restart,
        "overwrite": options.overwrite,
        **dict(map(_read_option, options.read)),
    }


def _read_option(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise RunArgumentError(f"--read {text!r:.80} is not of the form NAME=VALUE")
    return name, value_of(value)


def _exit_code(found: Run) -> int:
    if found.left:
        return _UNFINISHED
    return _SOME_FAILED if found.failed else _ALL_DONE


def _report(message: str) -> None:
    sys.stderr.write(f"datalab_workspace: {printable(message)}\n")


def as_json(found: Run) -> dict[str, Any]:
    """Return the state of a run as data for JSON."""
    state = found.state
    return {
        "out": None if found.out is None else str(found.out),
        "status": found.status,
        "done": found.done,
        "failed": found.failed,
        "left": found.left,
        "chain": state.chain,
        "engine": state.engine,
        "seconds": state.seconds,
        "errors": {
            name: {"type": error.type, "message": error.message}
            for name, error in found.errors.items()
        },
        "objects": [str(path) for path in state.projects()],
    }
