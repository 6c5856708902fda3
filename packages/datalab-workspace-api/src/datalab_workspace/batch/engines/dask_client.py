"""The engine over `dask.distributed`, for many computers.

distributed gives a task to another worker when one dies, up to three times, whatever
`retries` is. So a worker that is given a task again computes nothing: it reports which
item was under way (see `run_task`). Faults of a `LocalCluster`: see `dask_cluster`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from datalab_workspace.batch.engines.base import (
    Compute,
    Done,
    Engine,
    refuse_limits,
)
from datalab_workspace.batch.messages import Answer, Settings, Task
from datalab_workspace.batch.worker.process_worker import compute_in_process
from datalab_workspace.batch.worker.task_interrupts import (
    compute_until_interrupt,
    interrupt_tasks,
)
from datalab_workspace.runtime import require

if TYPE_CHECKING:
    from distributed import Client, Future

#: Seconds between looks at the workers of a cluster.
_PERIOD = 1.0
#: Seconds that an interrupt may take.
_PATIENCE = 0.5


class _Waiting(NamedTuple):
    task: Task
    done: Done
    alone: bool


def compute_on_worker(task: Task) -> Answer:
    """Compute a task on a worker of dask. One that refuses it states its address."""
    answer = compute_in_process(task)
    if answer.refusal is None:
        return answer
    from distributed import get_worker

    return replace(answer, worker=get_worker().address)


class DaskEngine(Engine):
    """The workers of a dask cluster, which may grow and shrink during a run.

    Args:
        client: A client, or the address of a scheduler.
        compute: The function that computes a task; None for the usual one.

    Raises:
        ModuleNotFoundError: distributed is not installed.
    """

    separate = True

    def __init__(self, client: Any, *, compute: Compute | None = None) -> None:
        require_distributed()
        self._given = client
        self._compute = compute or compute_on_worker
        self.description = f"dask at {address_of(client)}"
        self._client: Client | None = None
        self._lock = RLock()
        self._under_way: dict[Future, _Waiting] = {}
        self._held: deque[_Waiting] = deque()
        self._suspects: deque[_Waiting] = deque()
        self._threads: Mapping[str, int] = {}
        self._refused: set[str] = set()
        self._ended = Event()
        self._settings: AbstractContextManager[Any] = nullcontext()

    def start(self, settings: Settings) -> None:
        """Connect to the scheduler, and look at its workers. There may be none yet."""
        # This module can be imported without distributed, and that one cannot.
        from datalab_workspace.batch.engines import dask_cluster as cluster

        self._client = client = cluster.connected(self._given)
        self._ended = Event()
        try:
            self._threads = client.nthreads()
            self._refused.clear()
            self._refuse_limits(settings)
            cluster.refuse_ended(client, self._threads)
            self._settings = cluster.settings_for(client)
        except BaseException:
            self.finish()
            raise
        Thread(target=self._watch, args=(client, self._ended), daemon=True).start()

    @property
    def workers(self) -> int:
        """The number of threads in all workers of the cluster.

        It is one if there are none: their first tasks wait for them at the scheduler.
        """
        return sum(self._threads.values()) or 1

    def interrupt(self) -> None:
        """Cancel all tasks, and end those that workers compute already.

        One that is inside a long call of compiled code ends after it.
        """
        with self._lock:
            under_way = dict(self._under_way)
            self._under_way.clear()
            self._held.clear()
            self._suspects.clear()
        if under_way and self._client is not None:
            # A scheduler that does not answer must not delay the interrupt.
            cancel = partial(_cancel, self._client, under_way)
            thread = Thread(target=cancel, daemon=True)
            thread.start()
            thread.join(_PATIENCE)

    def finish(self) -> None:
        """Close the client, if it was made here. The cluster continues."""
        self.interrupt()
        self._ended.set()
        self._settings.__exit__(None, None, None)
        self._settings = nullcontext()
        client, self._client = self._client, None
        if client is not None and client is not self._given:
            client.close(timeout=_PATIENCE)

    def _refuse_limits(self, settings: Settings) -> None:
        if any(address.startswith("inproc:") for address in self._threads):
            refuse_limits(settings, "threads")
        for name in ("item_timeout", "memory_limit"):
            if self._shared and getattr(settings, name) is not None:
                raise ValueError(
                    f"{name} concerns a whole worker, and some workers of this cluster "
                    "compute several tasks at once; start the workers with one thread "
                    "each: threads_per_worker=1 or --nthreads 1"
                )

    @property
    def _shared(self) -> bool:
        """Whether a worker process computes several tasks at once."""
        return any(number > 1 for number in self._threads.values())

    def _send(self, task: Task, done: Done, *, alone: bool) -> None:
        waiting = _Waiting(task, done, alone)
        with self._lock:
            if alone and self._shared:
                self._suspects.append(waiting)
            elif self._suspects or self._is_suspect_under_way():
                self._held.append(waiting)
            else:
                self._give(waiting)
            self._give_suspects()

    def _is_suspect_under_way(self) -> bool:
        return self._shared and any(each.alone for each in self._under_way.values())

    def _give_suspects(self) -> None:
        """Give a suspect to a worker if no other task could be in the same process.

        The lock is held.
        """
        if self._suspects and not self._under_way:
            self._give(self._suspects.popleft())
        while self._held and not self._suspects and not self._is_suspect_under_way():
            self._give(self._held.popleft())

    def _give(self, waiting: _Waiting) -> None:
        assert self._client is not None, "start() comes first"
        preferred = self._preferred()
        try:
            future = self._client.submit(
                compute_until_interrupt,
                waiting.task,
                self._compute,
                pure=False,
                retries=0,
                workers=preferred,
                # If those have gone, a task must not wait forever for them.
                allow_other_workers=preferred is not None,
            )
        except Exception as error:  # noqa: BLE001  the driver decides what it means
            waiting.done(error)
            return
        self._under_way[future] = waiting
        future.add_done_callback(self._finished)

    def _preferred(self) -> list[str] | None:
        """Return the workers that have not refused; None if none has."""
        if not self._refused:
            return None
        return [each for each in self._threads if each not in self._refused] or None

    def _finished(self, future: Future) -> None:
        from datalab_workspace.batch.engines import dask_cluster as cluster

        with self._lock:
            waiting = self._under_way.get(future)
        if waiting is None:
            return  # given up by an interrupt
        outcome = cluster.outcome_of(future)
        with self._lock:
            if isinstance(outcome, Answer) and outcome.refusal is not None:
                self._refused.add(outcome.worker)
            if self._under_way.pop(future, None) is None:
                return  # given up by now
            future.release()
            self._give_suspects()
        waiting.done(outcome)

    def _watch(self, client: Client, ended: Event) -> None:
        """Look at the workers now and then, in a thread."""
        from datalab_workspace.batch.engines import dask_cluster as cluster

        try:
            while not ended.wait(_PERIOD):
                self._threads = client.nthreads()
                cluster.refuse_ended(client, self._threads)
        except Exception as error:  # noqa: BLE001  the driver raises it
            if not ended.is_set():
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        with self._lock:
            lost = [*self._under_way.values(), *self._held, *self._suspects]
            self._under_way.clear()
            self._held.clear()
            self._suspects.clear()
        for waiting in lost:
            waiting.done(error)


def _cancel(client: Client, under_way: Mapping[Future, _Waiting]) -> None:
    client.cancel([*under_way], force=True)
    # dask releases the futures, but lets workers continue the tasks that they compute.
    ids = [waiting.task.id for waiting in under_way.values()]
    client.run(interrupt_tasks, ids, on_error="ignore")


def is_client(value: Any) -> bool:
    """Return whether a value is a client of dask. distributed is not imported."""
    return any(
        kind.__name__ == "Client" and kind.__module__.startswith("distributed.")
        for kind in type(value).__mro__
    )


def require_distributed() -> None:
    """Raise an error that names the extra if distributed is not installed.

    Raises:
        ModuleNotFoundError: distributed is not installed.
    """
    require(
        "distributed",
        "a scheduler of dask",
        remedy='run pip install "datalab-workspace-api[dask]"',
    )


def address_of(client: Any) -> str:
    """Return the address of a scheduler, by the address itself or by a client."""
    if isinstance(client, str):
        return client
    scheduler = getattr(client, "scheduler", None)
    return str(getattr(scheduler, "address", "no scheduler"))
