"""Where xeus-python can be had: PyPI has wheels of it for some platforms, no source."""

from __future__ import annotations

import platform
import sys
import sysconfig
from dataclasses import dataclass

PYTHONS = ((3, 9), (3, 14))  # the oldest and the newest
GLIBC = (2, 28)
MACOS = (15, 0)

PIP = "pip install xeus-python"
#: conda-forge's has the program, but not the module by which this kernel starts it.
OTHERWISE = (
    "install datalab-kernel-core, and use %load_ext datalab_kernel_core in another "
    "kernel, such as ipykernel"
)


@dataclass(frozen=True)
class Platform:
    """What decides which wheels a Python can use."""

    system: str
    machine: str
    python: tuple[int, ...]
    release: tuple[int, int] = (0, 0)  # of glibc or macOS; zeros where it is another
    implementation: str = "cpython"
    free_threaded: bool = False

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
        )

    def __str__(self) -> str:
        return f"{self.system} {self.machine}"


def why_none(platform: Platform) -> str | None:
    """Return for what PyPI has no wheel that a platform can use, or None."""
    if platform.implementation != "cpython":
        return f"the Python implementation {platform.implementation}"
    if platform.free_threaded:
        return "a free-threaded Python"
    if not PYTHONS[0] <= platform.python[:2] <= PYTHONS[1]:
        return "Python {}.{}".format(*platform.python[:2])
    return _why_none_for_system(platform)


def remedy(platform: Platform | None = None) -> str:
    """Return what to do where it is missing on a platform; by default, on this one."""
    reason = why_none(platform or Platform.current())
    if reason is None:
        return PIP
    return f"{OTHERWISE} (PyPI has no wheel of xeus-python for {reason})"


def _why_none_for_system(platform: Platform) -> str | None:
    system, machine = platform.system, platform.machine.lower()
    machines = {
        "Linux": ("x86_64",),
        "Darwin": ("x86_64", "arm64"),
        "Windows": ("amd64",),
    }
    if machine not in machines.get(system, ()):
        return str(platform)
    if system == "Linux" and platform.release < GLIBC:
        return "a Linux with another C library than glibc {}.{} or later".format(*GLIBC)
    if system == "Darwin" and platform.release < MACOS:
        return f"macOS before {MACOS[0]}"
    return None


def _machine(system: str) -> str:
    if system == "Windows":
        # The interpreter's, which on ARM may be an x86-64 that is emulated.
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
