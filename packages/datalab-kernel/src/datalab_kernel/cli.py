"""The command line of the kernel: `python -m datalab_kernel COMMAND`."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_kernel import kernelspec
from datalab_kernel._version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments after the program's name; by default those of `sys.argv`.

    Returns:
        0 if the command succeeded. 1 if it failed, with the reason on standard error,
        if `doctor` found an error, or if `upgrade` found something to change. 2 if no
        command was given, with the list of commands, or if `upgrade` could not read or
        write a notebook.

    Raises:
        SystemExit: With code 2 if the arguments are invalid, with code 0 after `--help`
            and `--version`.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    _check(parser, options)
    if options.command is None:
        parser.print_help(sys.stderr)
        return 2
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Paths, code and messages may contain characters that a terminal lacks.
        sys.stdout.reconfigure(errors="replace")
    try:
        status: int = options.command(options)
    except (OSError, ValueError, ModuleNotFoundError) as error:
        print(f"datalab-kernel: error: {error}", file=sys.stderr)
        return 1
    return status


def _check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse options that do not fit together."""
    if getattr(options, "folder", None) is not None and not options.desktop:
        parser.error("--folder needs --desktop")
    if getattr(options, "no_backup", False) and not options.write:
        parser.error("--no-backup needs --write")
    if getattr(options, "output", None) and len(options.notebooks) > 1:
        parser.error("--output takes one notebook; use --write for several")


def _install(options: argparse.Namespace) -> int:
    if options.desktop:
        from datalab_kernel.desktop.addon import folder

        installed = folder.install(options.folder)
        print(f"Installed the add-on {__version__} in {installed}")
        print("Restart DataLab to use it")
        return 0
    directory = kernelspec.install(
        prefix=options.prefix,
        name=options.name,
        display_name=options.display_name,
        env=dict(options.env),
    )
    print(f"Installed {directory.name} in {directory}")
    print(f"Jupyter shows it as {options.display_name!r}; it starts {sys.executable}")
    return 0


def _uninstall(options: argparse.Namespace) -> int:
    if options.desktop:
        from datalab_kernel.desktop.addon import folder

        print(f"Removed the add-on from {folder.uninstall(options.folder)}")
        return 0
    directory = kernelspec.uninstall(prefix=options.prefix, name=options.name)
    print(f"Removed {directory}")
    return 0


def _list(options: argparse.Namespace) -> int:
    if options.desktop:
        return _list_addon(options.folder)
    specs = kernelspec.installed(prefix=options.prefix)
    if not specs:
        print("No DataLab kernel is installed.", file=sys.stderr)
    width = max((len(spec.name) for spec in specs), default=0)
    for spec in specs:
        print(f"{spec.name:{width}}  {spec.directory}  ({spec.argv[0]})")
    return 0


def _list_addon(plugins: Path | None) -> int:
    from datalab_kernel.desktop.addon import folder

    found = folder.installed(plugins)
    if found is None:
        print("No add-on is installed.", file=sys.stderr)
    else:
        print(f"{found.version or 'incomplete'}  {found.folder}  ({found.state})")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from datalab_kernel.doctor import examine

    found = []
    for check, finding in examine():
        found.append({"check": check, **asdict(finding)})
        if not options.json:
            print(*finding.lines(), sep="\n", flush=True)
    counts = Counter(str(finding["level"]) for finding in found)
    if options.json:
        content = {"version": __version__, "ok": not counts["error"], "findings": found}
        print(json.dumps(content, indent=2))
    else:
        print(f"\nErrors: {counts['error']}, warnings: {counts['warn']}")
    return 1 if counts["error"] else 0


def _upgrade(options: argparse.Namespace) -> int:
    from datalab_kernel.upgrade import command

    status = 0
    done = command.run(
        options.notebooks,
        output=options.output,
        write=options.write,
        backup=not options.no_backup,
    )
    if options.json:
        print(json.dumps(command.content(done), indent=2))
    for result in done:
        if result.error:
            print(f"datalab-kernel: error: {result.error}", file=sys.stderr)
        elif not options.json:
            print(*result.lines(), sep="\n")
        status = max(status, result.status)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="datalab-kernel", description="Manage the DataLab kernel for Jupyter."
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(metavar="COMMAND")

    install = commands.add_parser(
        "install", help="install a kernelspec that starts this Python"
    )
    install.set_defaults(command=_install)
    _add_location(install, "use the user's Jupyter folder (the default)")
    _add_desktop(install, "install the add-on in DataLab's plugin folder instead")
    _add_name(install)
    install.add_argument(
        "--display-name",
        metavar="TEXT",
        default=kernelspec.DISPLAY_NAME,
        help="the name that Jupyter shows (default: %(default)s)",
    )
    install.add_argument(
        "--env",
        nargs=2,
        action="append",
        default=[],
        metavar=("VARIABLE", "VALUE"),
        help="set an environment variable of the kernel; may be repeated",
    )

    uninstall = commands.add_parser("uninstall", help="remove a kernelspec of DataLab")
    uninstall.set_defaults(command=_uninstall)
    _add_location(uninstall, "use the user's Jupyter folder (the default)")
    _add_desktop(uninstall, "remove the add-on from DataLab's plugin folder instead")
    _add_name(uninstall)

    listing = commands.add_parser("list", help="list the kernelspecs of DataLab")
    listing.set_defaults(command=_list)
    _add_location(listing, None)
    _add_desktop(listing, "show the add-on in DataLab's plugin folder instead")

    doctor = commands.add_parser(
        "doctor", help="check whether the kernel works here, and how to correct errors"
    )
    doctor.set_defaults(command=_doctor)
    doctor.add_argument(
        "--json", action="store_true", help="print the findings as JSON"
    )
    _add_upgrade(commands)
    return parser


def _add_upgrade(commands: Any) -> None:
    upgrade = commands.add_parser(
        "upgrade",
        help="show what to change in notebooks of version 0.2",
        description="Show what to change in notebooks of datalab-kernel 0.2. Nothing "
        "of them is run, and nothing is written without --write or --output.",
    )
    upgrade.set_defaults(command=_upgrade)
    upgrade.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    upgrade.add_argument(
        "--json", action="store_true", help="print the findings as JSON"
    )
    target = upgrade.add_mutually_exclusive_group()
    target.add_argument(
        "--write",
        action="store_true",
        help="make the changes that are certain; the old file gets the suffix .bak",
    )
    target.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        help="write the one notebook with these changes to another file",
    )
    upgrade.add_argument(
        "--no-backup",
        action="store_true",
        help="with --write: keep no old file",
    )


def _add_location(parser: argparse.ArgumentParser, user: str | None) -> None:
    location = parser.add_mutually_exclusive_group()
    if user is not None:
        location.add_argument(
            "--user", dest="prefix", action="store_const", const=None, help=user
        )
    location.add_argument(
        "--sys-prefix",
        dest="prefix",
        action="store_const",
        const=sys.prefix,
        help="use the environment of this Python",
    )
    location.add_argument(
        "--prefix",
        metavar="DIR",
        help="use the environment in DIR: DIR/share/jupyter/kernels",
    )


def _add_desktop(parser: argparse.ArgumentParser, help: str) -> None:
    parser.add_argument("--desktop", action="store_true", help=help)
    parser.add_argument(
        "--folder",
        metavar="DIR",
        type=Path,
        help="with --desktop: the plugin folder of another DataLab, such as the folder "
        "'plugins' next to DataLab.exe",
    )


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--name",
        default=kernelspec.KERNEL_NAME,
        help="the name of the kernelspec (default: %(default)s)",
    )
