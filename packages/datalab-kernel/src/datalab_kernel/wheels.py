"""The platforms for which PyPI has a wheel of xeus-python, and other ways to get it.

PyPI has no source package, so pip cannot install xeus-python on other platforms.
conda-forge builds it for more of them.
"""

from __future__ import annotations

import platform
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

PYTHONS = ((3, 9), (3, 14))  # the oldest and the newest
GLIBC = (2, 28)
MACOS = (15, 0)

PIP = "pip install xeus-python"
CONDA = "conda install -c conda-forge xeus-python"
ALTERNATIVE = (
    "install the kernel in a conda environment with conda-forge's xeus-python, or "
    "install datalab-kernel-core, and use %load_ext datalab_kernel_core in another "
    "kernel, such as ipykernel"
)


@dataclass(frozen=True)
class Platform:
    """The properties of a Python that decide which wheels it can use."""

    system: str
    machine: str
    python: tuple[int, ...]
    release: tuple[int, int] = (0, 0)  # of glibc or macOS; zeros on other systems
    implementation: str = "cpython"
    free_threaded: bool = False
    conda: bool = False  # whether the environment is one of conda

    @classmethod
    def current(cls) -> Platform:
        """Return the platform of the running Python."""
        system = platform.system()
        return cls(
            system=system,
            machine=_machine(system),
            python=sys.version_info[:3],
            release=_release(system),
            implementation=sys.implementation.name,
            free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
            conda=Path(sys.prefix, "conda-meta").is_dir(),
        )

    def __str__(self) -> str:
        return f"{self.system} {self.machine}"


def unsupported(platform: Platform) -> str | None:
    """Return the property for which PyPI has no usable wheel, or None."""
    if platform.implementation != "cpython":
        return f"the Python implementation {platform.implementation}"
    if platform.free_threaded:
        return "a free-threaded Python"
    if not PYTHONS[0] <= platform.python[:2] <= PYTHONS[1]:
        return "Python {}.{}".format(*platform.python[:2])
    return _unsupported_on_system(platform)


def remedy(platform: Platform | None = None) -> str:
    """Return instructions to install xeus-python on a platform, by default this one."""
    platform = platform or Platform.current()
    if platform.conda:
        return CONDA
    reason = unsupported(platform)
    if reason is None:
        return PIP
    return f"{ALTERNATIVE} (PyPI has no wheel of xeus-python for {reason})"


def _unsupported_on_system(platform: Platform) -> str | None:
    system, machine = platform.system, platform.machine.lower()
    machines = {
        "Linux": ("x86_64",),
        "Darwin": ("x86_64", "arm64"),
        "Windows": ("amd64",),
    }
    if machine not in machines.get(system, ()):
        return str(platform)
    if system == "Linux" and platform.release < GLIBC:
        return "a Linux without glibc {}.{} or later".format(*GLIBC)
    if system == "Darwin" and platform.release < MACOS:
        return f"macOS before {MACOS[0]}"
    return None


def _machine(system: str) -> str:
    if system == "Windows":
        # The interpreter's architecture, which on ARM may be an emulated x86-64.
        return sysconfig.get_platform().removeprefix("win-")
    return platform.machine()


def _release(system: str) -> tuple[int, int]:
    if system == "Linux":
        library, release = platform.libc_ver()
        return _numbers(release) if library == "glibc" else (0, 0)
    return _numbers(platform.mac_ver()[0]) if system == "Darwin" else (0, 0)


def _numbers(release: str) -> tuple[int, int]:
    numbers = [int(part) for part in release.split(".")[:2] if part.isdigit()]
    major, minor = [*numbers, 0, 0][:2]
    return major, minor
