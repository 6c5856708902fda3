"""The call of a workspace that computes a chain over many of its objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from datalab_workspace.model.record import Kind
from datalab_workspace.validation import suggest_on_typo

if TYPE_CHECKING:
    import os

    from datalab_workspace.batch.messages import Keep
    from datalab_workspace.batch.results.run import Run
    from datalab_workspace.workspace import Workspace


class BatchCalls:
    """The call of a workspace that computes a chain over many of its objects."""

    @suggest_on_typo
    def map(
        self,
        what: Any,
        names: str | Iterable[Any] | None = None,
        *,
        out: str | os.PathLike[str] | None = None,
        keep: Keep = "objects",
        on: Any = None,
        workers: int | None = None,
        kind: Kind | None = None,
        restart: bool = False,
        overwrite: bool = False,
        key: str | None = None,
        item_timeout: float | None = None,
        memory_limit: int | None = None,
    ) -> Run:
        """Compute a function, a feature or a chain of them from many objects.

        The results are not added to the workspace: ``run.table`` has the values, and
        ``run.workspace`` the objects. It is ``batch.map(what, workspace)``, which
        describes the arguments.

        Args:
            what: A function of one object, the name of a feature, or a chain.
            names: Names, UUIDs or short ids of the objects; by default all.
            out: The summary project to write; a later call with the same path continues
                the run.
            keep: "objects" or "table".
            on: The workers: "processes", "threads", "serial", a number of processes,
                a dask client, or an executor.
            workers: The number of workers.
            kind: "signal" or "image", to take only these objects.
            restart: Begin again if `out` was made by another chain.
            overwrite: Replace `out` if it was not made by a run.
            key: A string that stands for the content of the functions.
            item_timeout: Seconds that an object may take.
            memory_limit: Bytes of memory that a worker process may use.

        Returns:
            The run, with its table, errors and objects.

        Raises:
            BatchStoppedError: The run stopped before all objects were computed.
            RunExistsError: `out` was made by another chain (a `FileExistsError`).
            RunLockedError: Another process works on the run.
            KeyError: There is no such object.

        Example:
            >>> run = workspace.map("fwhm", ["peak", "noisy"], on="serial")
            >>> run.done
            2
        """
        from datalab_workspace.batch import calls

        workspace = cast("Workspace", self)
        return calls.map_items(
            what,
            workspace if names is None else names,
            workspace=workspace,
            out=out,
            keep=keep,
            on=on,
            workers=workers,
            kind=kind,
            restart=restart,
            overwrite=overwrite,
            key=key,
            item_timeout=item_timeout,
            memory_limit=memory_limit,
        )
