"""The command line: `python -m datalab_kernel install|uninstall|list`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from datalab_kernel import kernelspec
from datalab_kernel._version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments after the program's name; `sys.argv` by default.

    Returns:
        0 if it was done, 1 if it could not be, with the reason on standard error.

    Raises:
        SystemExit: With code 2 if the arguments make no sense, 0 after `--help`
            and `--version`.
    """
    options = _parser().parse_args(argv)
    try:
        options.command(options)
    except (OSError, ValueError, ModuleNotFoundError) as error:
        print(f"datalab-kernel: error: {error}", file=sys.stderr)
        return 1
    return 0


def _install(options: argparse.Namespace) -> None:
    directory = kernelspec.install(
        prefix=options.prefix,
        name=options.name,
        display_name=options.display_name,
        env=dict(options.env),
    )
    print(f"Installed {directory.name} in {directory}")


def _uninstall(options: argparse.Namespace) -> None:
    directory = kernelspec.uninstall(prefix=options.prefix, name=options.name)
    print(f"Removed {directory}")


def _list(options: argparse.Namespace) -> None:
    specs = kernelspec.installed(prefix=options.prefix)
    if not specs:
        print("No DataLab kernel is installed there.", file=sys.stderr)
    width = max((len(spec.name) for spec in specs), default=0)
    for spec in specs:
        print(f"{spec.name:{width}}  {spec.directory}  ({spec.argv[0]})")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="datalab-kernel", description="Manage the DataLab kernel of Jupyter."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    install = commands.add_parser(
        "install", help="write a kernelspec that starts this Python"
    )
    install.set_defaults(command=_install)
    _add_location(install, "the user's Jupyter folder (the default)")
    _add_name(install)
    install.add_argument(
        "--display-name",
        metavar="TEXT",
        default=kernelspec.DISPLAY_NAME,
        help="what Jupyter shows (default: %(default)s)",
    )
    install.add_argument(
        "--env",
        nargs=2,
        action="append",
        default=[],
        metavar=("VARIABLE", "VALUE"),
        help="set a variable in the kernel's environment; may be repeated",
    )

    uninstall = commands.add_parser("uninstall", help="remove such a kernelspec")
    uninstall.set_defaults(command=_uninstall)
    _add_location(uninstall, "the user's Jupyter folder (the default)")
    _add_name(uninstall)

    listing = commands.add_parser("list", help="show the kernelspecs of DataLab")
    listing.set_defaults(command=_list)
    _add_location(listing, None)
    return parser


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
        help="the environment of this Python",
    )
    location.add_argument(
        "--prefix", metavar="DIR", help="an environment: DIR/share/jupyter/kernels"
    )


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--name",
        default=kernelspec.KERNEL_NAME,
        help="the name Jupyter knows it by (default: %(default)s)",
    )
