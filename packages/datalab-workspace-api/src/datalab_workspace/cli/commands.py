"""The command line: ``python -m datalab_workspace ls|show|run… FILE|live``."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from datalab_workspace._version import __version__
from datalab_workspace.cli import check, copy, history, output, replay, run
from datalab_workspace.cli.notebooks import NOTEBOOK, listed_notebooks
from datalab_workspace.cli.pictures import STYLES
from datalab_workspace.errors import ExportError, WorkspaceError
from datalab_workspace.model.record import KINDS
from datalab_workspace.result_text import printable

_ENDED_BY_SIGINT = 130
_ENDED_BY_SIGPIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments after the program name; `sys.argv` by default.

    Returns:
        The exit code: 0 on success; 1 on failure, with the reason on standard error, or
        if `check` found a problem; 2 without a command, with the list of commands. For
        those of `replay`, see `datalab_workspace.cli.replay`; it fails with 2.

    Raises:
        SystemExit: With code 2 for invalid arguments, or 0 after `--help` and
            `--version`.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if options.command is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        text, data, code = options.command(options)
        _print(json.dumps(data, indent=2, ensure_ascii=False) if options.json else text)
    except KeyboardInterrupt:
        return _ENDED_BY_SIGINT
    except BrokenPipeError:
        # The reader of the pipe has closed it. Without this, the interpreter would
        # report an error when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _ENDED_BY_SIGPIPE
    except (WorkspaceError, OSError, ModuleNotFoundError) as error:
        reason = error.args[0] if isinstance(error, KeyError) else error
        message = printable(str(reason))
        sys.stderr.write(f"datalab_workspace: error: {message}\n")
        return int(options.failure)
    return int(code)


def _print(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    shown = text.encode(encoding, "backslashreplace").decode(encoding)
    sys.stdout.write(f"{shown}\n" if shown else "")
    sys.stdout.flush()


def _ls(options: argparse.Namespace) -> tuple[str, Any, int]:
    workspace = copy.workspace_at(options.where, options.url)
    found = workspace.describe()
    kept: set[str] = set()
    if options.kind != NOTEBOOK:
        choice = {"pattern": options.pattern, "group": options.group}
        kept.update(workspace.list(kind=options.kind, **choice))
    items = [item for item in found if item.name in kept]
    carried = listed_notebooks(workspace, options)
    text = "\n".join([output.table(items), *map(str, carried)])
    data = [*map(output.as_json, items), *(each.as_json() for each in carried)]
    return text, data, 0


def _show(options: argparse.Namespace) -> tuple[str, Any, int]:
    workspace = copy.workspace_at(options.where, options.url)
    names = options.names or workspace.list()
    style = output.style_of(sys.stdout, options.picture)
    shown = [output.ObjectDetails.of(workspace, name) for name in names]
    text = "\n\n".join(item.text(style) for item in shown)
    return text, [item.as_json() for item in shown], 0


def _copy(options: argparse.Namespace) -> tuple[str, Any, int]:
    names = copy.copy(
        options.source,
        options.target,
        options.names,
        on_conflict=options.on_conflict,
        url=options.url,
    )
    noun = "object" if len(names) == 1 else "objects"
    text = f"{len(names)} {noun} copied to {printable(options.target)}"
    return text, {"copied": names, "to": options.target}, 0


def _check(options: argparse.Namespace) -> tuple[str, Any, int]:
    verdict = check.check(options.where, options.url)
    return verdict.text(), verdict.as_json(), 0 if verdict.is_good else 1


def _history(options: argparse.Namespace) -> tuple[str, Any, int]:
    workspace = copy.workspace_at(options.where, options.url)
    names = options.names or workspace.list()
    found = [workspace.history(name) for name in names]
    if options.export is not None:
        if len(found) != 1:
            raise ExportError("--export writes one history; give one NAME")
        path = found[0].export(options.export, overwrite=options.overwrite)
        return printable(str(path)), {"path": str(path)}, 0
    text = history.text(found, cells=options.cells)
    return text, [*map(history.as_json, found)], 0


def _replay(options: argparse.Namespace) -> tuple[str, Any, int]:
    workspace = copy.workspace_at(options.where, options.url)
    # The cells that run are printed first, which is not part of the JSON.
    stream = sys.stderr if options.json else sys.stdout
    with contextlib.redirect_stdout(stream):
        found = replay.replays(workspace, options.names, code=options.code)
    return replay.text(found), [*map(replay.as_json, found)], replay.exit_code(found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m datalab_workspace",
        description="Work with signals and images in project files and in a running "
        "DataLab.",
        epilog="FILE is a DataLab project. 'live' is a running DataLab; its token is "
        "read from DATALAB_WORKSPACE_TOKEN or from DataLab's connection file.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    ls = _command(commands, "ls", _ls, "list the objects and the notebooks")
    ls.add_argument("where", metavar="FILE|live")
    ls.add_argument(
        "--kind",
        choices=(*KINDS, NOTEBOOK),
        help="list only signals, only images or only notebooks",
    )
    ls.add_argument("--group", help="list only the group with this title")
    ls.add_argument("--pattern", help="list only matching names, such as 'scan*'")

    show = _command(commands, "show", _show, "show objects in detail, with a picture")
    show.add_argument("where", metavar="FILE|live")
    show.add_argument("names", nargs="*", metavar="NAME", help="all by default")
    show.add_argument(
        "--picture",
        choices=("auto", *STYLES, "none"),
        default="auto",
        help="style of the picture; the best that the terminal supports by default",
    )

    copy = _command(commands, "copy", _copy, "copy objects")
    copy.add_argument("source", metavar="FILE|live")
    copy.add_argument(
        "target", metavar="FILE|live", help="created if the file does not exist"
    )
    copy.add_argument("names", nargs="*", metavar="NAME", help="all by default")
    copy.add_argument(
        "--on-conflict",
        choices=("error", "replace", "rename", "skip"),
        default="error",
        help="what to do if a different object in the target has the same name "
        "(default: error, and copy nothing)",
    )

    check = _command(
        commands,
        "check",
        _check,
        "verify the checksums of a file, and that DataLab can open it",
    )
    check.add_argument("where", metavar="FILE|live")
    _add_history(commands)
    _add_replay(commands)
    over_many = _command(
        commands,
        "run",
        run.run,
        "compute a chain over many files or objects, or continue such a run; exit "
        "code 0 if all are done, 3 if some failed, 4 if some are left",
    )
    run.add_arguments(over_many)
    return parser


def _add_history(commands: Any) -> None:
    command = _command(
        commands, "history", _history, "show how objects were made; needs no sigima"
    )
    command.add_argument("where", metavar="FILE|live")
    command.add_argument("names", nargs="*", metavar="NAME", help="all by default")
    command.add_argument(
        "--cells", action="store_true", help="also show the code of cells"
    )
    command.add_argument(
        "--export",
        metavar="PATH",
        help="write the history of one object to a .py, .ipynb, .txt, .crate.json or "
        ".zip file, or to a folder",
    )
    command.add_argument(
        "--overwrite", action="store_true", help="replace the file of --export"
    )


def _add_replay(commands: Any) -> None:
    command = _command(
        commands,
        "replay",
        _replay,
        "make objects again from their inputs, and compare them; exit code 0 if they "
        "are the same, 1 if one is different, 2 if one cannot be made again",
    )
    command.add_argument("where", metavar="FILE|live")
    command.add_argument(
        "names", nargs="*", metavar="NAME", help="all that were computed by default"
    )
    command.add_argument(
        "--code",
        action="store_true",
        help="also run the code of cells in the file; it is printed first",
    )
    command.set_defaults(failure=replay.NOT_REPLAYABLE)


def _command(
    commands: Any,
    name: str,
    function: Callable[[argparse.Namespace], tuple[str, Any, int]],
    what: str,
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=what, description=f"{what[0].upper()}{what[1:]}."
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--url", help="URL of DataLab's Web API, for 'live'")
    command.set_defaults(command=function, failure=1)
    return command
