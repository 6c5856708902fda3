"""A child process in place of this process, for Windows.

On Windows, a process cannot replace itself by another program. So the launcher waits
for the program that it started, and ends with its exit code. The alternative is a
kernelspec that names the program and sets its environment. But conda installs one
kernelspec for all systems, and that one would contain the paths of one machine.

Jupyter knows the launcher only:

- It interrupts a kernel by an event whose handle the program inherits (`interrupts`).
- It ends a kernel that hangs by ending the launcher. A job object then ends the program
  as well, at once and in any state. The `python.exe` of a virtual environment ends
  its Python in the same way.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# From the Windows API, JOBOBJECT_EXTENDED_LIMIT_INFORMATION.
_EXTENDED_LIMITS = 9
_KILL_ON_JOB_CLOSE = 0x2000
_SILENT_BREAKAWAY_OK = 0x1000


def run(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a program to its end, and end it with this process; return its exit code.

    Args:
        command: The program and its arguments.
        env: Its environment.

    Raises:
        OSError: If the program cannot be started.
    """
    # Ctrl+C in a console reaches the program, too, which decides what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The program inherits the handles that Jupyter passes by their numbers.
    with subprocess.Popen(  # noqa: S603  # the program is xeus-python
        command, env=env, close_fds=False
    ) as process:
        if sys.platform == "win32":
            _end_with_this_process(int(process._handle))  # noqa: SLF001
        return process.wait()


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    class _BasicLimits(ctypes.Structure):
        _fields_ = (
            ("PerProcessUserTimeLimit", wintypes.LARGE_INTEGER),
            ("PerJobUserTimeLimit", wintypes.LARGE_INTEGER),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        )

    class _ExtendedLimits(ctypes.Structure):
        _fields_ = (
            ("BasicLimitInformation", _BasicLimits),
            ("IoInfo", ctypes.c_ulonglong * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        )

    def _end_with_this_process(process: int) -> None:
        """End a process when this one ends; its own children are not affected.

        Raises:
            OSError: If Windows refuses.
        """
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel32.CreateJobObjectW.restype = wintypes.HANDLE
        job: int | None = kernel32.CreateJobObjectW(None, None)
        limits = _ExtendedLimits()
        limits.BasicLimitInformation.LimitFlags = (
            _KILL_ON_JOB_CLOSE | _SILENT_BREAKAWAY_OK
        )
        # The handle of the job stays open: Windows closes it when this process ends.
        if not (
            job is not None
            and kernel32.SetInformationJobObject(
                wintypes.HANDLE(job),
                _EXTENDED_LIMITS,
                ctypes.byref(limits),
                ctypes.sizeof(limits),
            )
            and kernel32.AssignProcessToJobObject(
                wintypes.HANDLE(job), wintypes.HANDLE(process)
            )
        ):
            raise ctypes.WinError(ctypes.get_last_error())
