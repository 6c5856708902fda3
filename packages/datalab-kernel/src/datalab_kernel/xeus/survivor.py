"""A process that outlives a crash, and passes on the output that was not read.

A message such as that of a failed `assert` in C is written just before the process
ends. It is then in the file that takes the place of the descriptor, and the file would
be gone with the process. A shell therefore holds the file too. It waits for the end of
the process, and writes what is left to the original target, the log of the server.

The shell is a child of no process that could wait for it, belongs to no process group
that is interrupted, and needs less than 1 MB.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datalab_kernel.xeus.descriptors import Descriptor

# The standard input is a pipe, which ends with the process. The arguments are the files
# of its standard output and error; the part of a file that was read consists of zeros.
SCRIPT = r"""
exec 3<&0
{
  while read -r _ <&3; do :; done
  tr -d '\000' <"/proc/self/fd/$1"
  tr -d '\000' <"/proc/self/fd/$2" >&2
} &
"""


def start(stdout: Descriptor, stderr: Descriptor) -> None:
    """Pass on what is left of the captured output when this process has ended.

    Nothing is done where a file cannot be opened by its descriptor, or without a shell.

    Raises:
        OSError: If no process can be started.
    """
    shell = shutil.which("sh")
    if shell is None or not os.path.isdir("/proc/self/fd"):  # noqa: PTH112  # fast
        return
    ended, alive = os.pipe()
    subprocess.run(  # noqa: S603  # it returns at once, and the shell stays
        [shell, "-c", SCRIPT, shell, str(stdout.file), str(stderr.file)],
        pass_fds=(stdout.file, stderr.file),
        stdin=ended,
        stdout=stdout.original,
        stderr=stderr.original,
        start_new_session=True,
        check=True,
    )
    os.close(ended)
    # A child that is forked may live longer than this process.
    os.register_at_fork(after_in_child=lambda: os.close(alive))
