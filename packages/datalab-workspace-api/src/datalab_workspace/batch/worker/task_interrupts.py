"""Interrupt tasks in the threads of this process."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from threading import Lock, get_ident

from datalab_workspace.batch.messages import Answer, Task

_lock = Lock()
#: The thread that computes each task.
_threads: dict[str, int] = {}


class TaskInterrupt(BaseException):
    """Ends a task. A worker of dask would end itself after a KeyboardInterrupt."""


def compute_until_interrupt(task: Task, compute: Callable[[Task], Answer]) -> Answer:
    """Compute a task, and end it if `interrupt_tasks` is called in another thread.

    Args:
        task: The task.
        compute: The function that computes it.
    """
    try:
        with _lock:
            _threads[task.id] = get_ident()
        try:
            return compute(task)
        finally:
            with _lock:
                _threads.pop(task.id, None)
    except TaskInterrupt:
        return Answer(refusal="the task was interrupted")


def interrupt_tasks(tasks: Iterable[str]) -> None:
    """End tasks that are computed in this process; others are ignored.

    Each ends at its next Python instruction. A long call of compiled code ends first.

    Args:
        tasks: Ids of the tasks.
    """
    with _lock:
        for task in tasks:
            if task in _threads:
                raise_in_thread(_threads[task], TaskInterrupt)


def raise_in_thread(thread: int, error: type[BaseException]) -> None:
    """Raise an error in a thread, at its next Python instruction.

    Args:
        thread: Identifier of the thread.
        error: Class of the error.
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), ctypes.py_object(error)
    )
