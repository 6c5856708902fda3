"""The preparation of a process that computes tasks, and the computation itself.

A worker of any engine but those in this process runs `compute_in_process`. The other
functions prepare a process that loky has started.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
import warnings
from importlib import import_module
from threading import Thread

from datalab_workspace.batch.messages import Answer, Task
from datalab_workspace.batch.worker.process_limits import memory_limit

#: The modules that every task needs. A function of a cell carries only the name
#: `sigima`, which means a namespace that imports submodules when they are used.
_NEEDED = ("sigima.proc", "sigima.params", "datalab_workspace.batch.worker.tasks")
#: Seconds after which a worker notices that its driver has ended.
_PERIOD = 1.0


def compute_here(task: Task) -> Answer:
    """Compute a task in the process of the driver."""
    # A process that loky starts imports this module first, and needs no more then.
    from datalab_workspace.batch.worker.tasks import run_task

    return run_task(task)


def compute_in_process(task: Task) -> Answer:
    """Compute a task in a process of its own, within the memory limit of the run.

    What a function changes in the filters for warnings and in the error handling of
    NumPy ends with the task. Otherwise it would concern the functions of later runs.
    """
    warm_up()
    import numpy as np  # see compute_here

    try:
        limit = memory_limit(task.settings.memory_limit)
    except ValueError as error:
        return Answer(chain_error=error)
    with limit, warnings.catch_warnings(), np.errstate():
        return compute_here(task)


def prepare_process(driver: int) -> None:
    """Make a process that loky has started a worker.

    It ignores the interrupt of the terminal or notebook, which reaches all processes of
    a group: the driver decides what an interrupt means. It ends with the driver.

    Args:
        driver: Process id of the driver, which is the parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix":
        # loky's workers hold both ends of their pipes, so that they would wait for
        # tasks of a killed driver until their idle time is over.
        Thread(target=_end_with, args=(driver,), daemon=True).start()


def _end_with(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(_PERIOD)
    os._exit(1)


def enter_environment(
    folder: str | None, path: list[str], environment: dict[str, str]
) -> None:
    """Give this process the surroundings that the driver has when a run begins.

    Args:
        folder: The current folder; None if it was removed.
        path: The search path for modules.
        environment: The environment variables.
    """
    if folder is not None:
        os.chdir(folder)
    sys.path[:] = path
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)


def warm_up_for_good() -> None:
    """Import the needed modules, in a process that does nothing else.

    The modules stay, so that no garbage collection needs to look at them.
    """
    warm_up()
    gc.freeze()


def warm_up() -> None:
    """Import the modules that every task needs, before the first one."""
    for module in _NEEDED:
        import_module(module)
