"""Magics, lines for the shell and variables that have changed since version 0.2."""

from __future__ import annotations

import re
from collections.abc import Iterator

from datalab_kernel.upgrade.cell_code import Command
from datalab_kernel.upgrade.findings import Finding, Level

PLOTTER_VARIABLE = "DATALAB_PLOTTER_BACKEND"
MODE_VARIABLE = "DATALAB_KERNEL_MODE"
NO_EFFECT = f"{PLOTTER_VARIABLE} has no effect: Matplotlib draws every picture."
LOWER_CASE = f"{MODE_VARIABLE} is written in lower case."
_EXTRAS = re.compile(r"\bdatalab-kernel\[([\w, -]*)\]")
_GONE_EXTRAS = {
    "plotly": "datalab-kernel[interactive]",
    "datalab": "datalab-kernel datalab-platform",
    "dev": "datalab-kernel",
    "doc": "datalab-kernel",
}
_MODE = re.compile(rf"\b{MODE_VARIABLE}[= ]+[\"']?(\w+)")
_SYSTEM = re.compile(r"(?:-m datalab_kernel|\bdatalab-kernel) +\w+ .*--system\b")


def check(command: Command) -> Iterator[Finding]:
    """Check a magic or a line for the shell."""
    for level, message, instead in _checked(command.text):
        yield Finding(level, command.line, message, instead)


def _checked(text: str) -> Iterator[tuple[Level, str, str]]:
    if re.search(r"\bdatalab-kernel-install\b", text):
        message = "The command datalab-kernel-install no longer exists."
        yield Level.GONE, message, "python -m datalab_kernel install"
    elif _SYSTEM.search(text):
        message = "The option --system no longer exists."
        yield (
            Level.GONE,
            message,
            "python -m datalab_kernel install --prefix /usr/local",
        )
    for found in _EXTRAS.finditer(text):
        for extra in re.split(r"\s*,\s*", found[1].strip()):
            if extra in _GONE_EXTRAS:
                message = f"datalab-kernel has no extra [{extra}]."
                yield Level.GONE, message, _GONE_EXTRAS[extra]
    if PLOTTER_VARIABLE in text:
        yield Level.OLD, NO_EFFECT, ""
    mode = _MODE.search(text)
    if mode is not None and mode[1] != mode[1].lower():
        yield Level.GONE, LOWER_CASE, mode[0].replace(mode[1], mode[1].lower())
