"""Connections to dask clusters, and remedies for the faults of local ones.

An interrupt of a notebook or terminal reaches all processes of its group, so also the
workers of a `LocalCluster` that was made there. They end, the cluster and its client
still say that they run, and each task waits forever (dask/distributed issue 1925; seen
with version 2026.8). So workers get process groups of their own, and a cluster whose
workers have ended is refused.

A `LocalCluster` also gives up a worker that has died and is not back after 15 seconds.
The start of one may take longer on a busy computer. So it is given five minutes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from datalab_workspace.batch.engines.base import Outcome, WorkerDiedError
from datalab_workspace.batch.messages import Answer

if TYPE_CHECKING:
    from distributed import Client, Future, WorkerPlugin

#: Seconds within which a scheduler must accept a connection.
_CONNECT = 10
#: The time in which a local cluster waits for a worker that starts again.
_PATIENCE = ("distributed.deploy.lost-worker-timeout", "300s")
#: Objects of a memory are sent with the tasks, up to a size that the driver limits.
_NO_WARNING = ("distributed.admin.large-graph-warning-threshold", "10GB")
#: The states in which the keeper of a worker does not start it again.
_ENDED = frozenset({"closing", "closing_gracefully", "closed", "failed"})


def process_group_plugin(driver: int) -> WorkerPlugin:
    """Return a plugin that keeps interrupts of the driver's process group from workers.

    Args:
        driver: Process id of the driver.
    """
    from distributed import WorkerPlugin

    class OwnProcessGroup(WorkerPlugin):  # type: ignore[misc]  # distributed is not typed
        name = "datalab-own-process-group"

        def setup(self, worker: Any) -> None:  # noqa: ARG002  distributed passes it
            """Move the process of a worker to a group of its own."""
            if os.name == "posix" and os.getpid() != driver:
                os.setpgid(0, 0)

    return OwnProcessGroup()


def connected(client: Client | str) -> Client:
    """Return a client that is connected to its scheduler.

    Args:
        client: The client, or the address of the scheduler.

    Raises:
        ConnectionError: There is no scheduler.
        ValueError: The client is asynchronous.
    """
    if isinstance(client, str):
        from distributed import Client

        try:
            return Client(client, timeout=_CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ConnectionError(
                f"there is no Dask scheduler at {client}: {error}"
            ) from error
    if client.asynchronous:
        raise ValueError(
            "this client of dask is asynchronous, and a run would block its event "
            "loop; pass the address of the scheduler"
        )
    if client.status != "running":
        raise ConnectionError(
            f"this client of dask is {client.status}, not running; make a new one"
        )
    return client


def settings_for(client: Client) -> AbstractContextManager[Any]:
    """Return the settings of dask during a run, which have been made already.

    The workers of a local cluster, also later ones, are made to survive an interrupt.
    """
    import dask.config

    settings = dict([_NO_WARNING])
    if _is_local(client):
        client.register_plugin(process_group_plugin(os.getpid()))
        settings |= dict([_PATIENCE])
    made: AbstractContextManager[Any] = dask.config.set(settings)
    return made


def refuse_ended(client: Client, threads: Mapping[str, int]) -> None:
    """Raise an error if all workers of a local cluster have ended for good.

    Args:
        client: The client.
        threads: The number of threads by worker.

    Raises:
        ConnectionError: They have ended.
    """
    if threads or not _is_local(client):
        return
    if not client.cluster.worker_spec:
        return  # it is scaled to no workers for now
    statuses = [worker.status.name for worker in client.cluster.workers.values()]
    if _ENDED.issuperset(statuses):
        raise ConnectionError(
            "all workers of this LocalCluster have ended, as they do when a cell or "
            "program is interrupted without a run; make a new cluster and client"
        )


def _is_local(client: Client) -> bool:
    from distributed import LocalCluster

    return isinstance(client.cluster, LocalCluster)


def outcome_of(future: Future) -> Outcome:
    """Return the answer of a finished future, or what its error means."""
    from distributed import KilledWorker

    try:
        answer: Answer = future.result()
    except KilledWorker as error:
        return WorkerDiedError(str(error))
    except CancelledError as error:
        return ConnectionError(f"dask gave up a task: {error}")
    except Exception as error:  # noqa: BLE001  the driver decides what it means
        return error
    return answer
