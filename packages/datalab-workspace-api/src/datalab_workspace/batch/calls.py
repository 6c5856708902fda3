"""Compute a chain over many items, and open the run that such a call has made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace.batch.chains.call_arguments import call_of, only_known_functions
from datalab_workspace.batch.chains.chain import Chain, make_chain
from datalab_workspace.batch.driver.computation import Computation
from datalab_workspace.batch.driver.folder_state import FolderState
from datalab_workspace.batch.file_names import project_suffix
from datalab_workspace.batch.folder.run_folder import RunFolder
from datalab_workspace.batch.folder.temporary_folder import TemporaryFolder
from datalab_workspace.batch.items.item_arguments import make_items
from datalab_workspace.batch.messages import Keep
from datalab_workspace.batch.results.run import Run
from datalab_workspace.model.record import Kind

if TYPE_CHECKING:
    from datalab_workspace.workspace import Workspace

_KEEP = ("objects", "table")


def map_items(
    what: Any,
    items: Any,
    *,
    out: str | os.PathLike[str] | None = None,
    keep: Keep = "objects",
    on: Any = None,
    workers: int | None = None,
    workspace: Workspace | None = None,
    restart: bool = False,
    overwrite: bool = False,
    key: str | None = None,
    item_timeout: float | None = None,
    memory_limit: int | None = None,
    kind: Kind | None = None,
    stack: str | None = None,
    **read_options: Any,
) -> Run:
    """Compute a function, a feature or a chain of them over many items.

    A call with the `out` of an earlier one continues its run: items that are done and
    have not changed are not computed again, those that failed are. The results are
    the same, byte for byte, however often the run was interrupted, on any engine.

    Args:
        what: A function that takes one object and returns an object, a dict of values,
            a tuple of both, or None; the name of a feature; or a chain, see
            `batch.chain`.
        items: A workspace, names of objects of `workspace`, files, a pattern such as
            ``"scans/*.csv"``, a folder, a project, objects or arrays.
        out: The summary project to write. The table is written next to it as CSV, and
            objects beyond 200 to further projects. None for a temporary folder. A path
            that ends in ".npz" becomes an archive, which needs no h5py.
        keep: "objects" to keep the objects that the chain returns; "table" for the
            values only.
        on: The workers: None or "processes"; a number of processes; "threads";
            "serial"; a client or the address of a scheduler of `dask.distributed`; or
            a `concurrent.futures.Executor`.
        workers: The number of workers.
        workspace: The workspace that holds the objects whose names are passed.
        restart: Replace a run of another chain, or with other options.
        overwrite: Replace an `out` that was not made, or was changed since, by another
            program.
        key: A string that stands for the content of functions, where their code does
            not say whether a chain is the same.
        item_timeout: Seconds that an item may take. Needs workers in processes.
        memory_limit: Bytes of memory that a worker process may use.
        kind: "signal" or "image", to take or read objects of that kind only.
        stack: How images of one file are read; see `Workspace.read`.
        read_options: Options for reading measured files; see `Workspace.read`.

    Returns:
        The run, with its table, errors and objects.

    Raises:
        BatchStoppedError: The run stopped early; what was computed is kept.
        RunExistsError: `out` belongs to a run of another chain, or with other options.
        RunLockedError: Another process works on the run.
        FileExistsError: No run has made `out`.
        IsADirectoryError: `out` is a folder.
        NotAProjectError: The suffix of `out` is that of another format, such as ".csv".
        ModuleNotFoundError: The package of the engine is not installed.

    Example:
        >>> run = dlw.batch.map("fwhm", workspace, kind="signal", on="serial")
        >>> run.done, run.failed
        (2, 0)
    """
    if keep not in _KEEP:
        raise ValueError(f"expected 'objects' or 'table' for keep, got {keep!r}")
    chain = make_chain(what, key=key, workspace=workspace)
    list_items = partial(
        make_items,
        list(items) if isinstance(items, Iterator) else items,
        workspace=workspace,
        kind=kind,
        stack=stack,
        read_options=read_options,
    )
    listed = list_items()
    owner = None
    if out is None:
        owner = TemporaryFolder()
        path = owner.path / f"results{project_suffix()}"
    else:
        path = _path_of(out)
    options = {"kind": kind, "stack": stack, **read_options}
    limits = {"item_timeout": item_timeout, "memory_limit": memory_limit}
    computation = Computation(
        chain=chain,
        items=listed,
        list_items=list_items,
        folder=RunFolder(path),
        owner=owner,
        keep=keep,
        reading=options,
        on=on,
        workers=workers,
        item_timeout=item_timeout,
        memory_limit=memory_limit,
        call=(
            None if workspace is not None else call_of(chain, items, options, limits)
        ),
    )
    return computation.run(restart=restart, overwrite=overwrite)


def open_run(out: str | os.PathLike[str]) -> Run:
    """Open a run that is finished, was interrupted, or is being computed.

    Args:
        out: The `out` that was passed to `map`.

    Returns:
        The run. Its values change while another process computes it.

    Raises:
        FileNotFoundError: No run has made the file.

    Example:
        >>> made = dlw.batch.map("fwhm", workspace, out="w.h5", kind="signal")
        >>> dlw.batch.open("w.h5").done
        2
    """
    folder = RunFolder(_path_of(out))
    return Run(FolderState(folder), partial(_retry_opened, folder))


def _path_of(out: str | os.PathLike[str]) -> Path:
    """Return the absolute path of an output.

    A link stands for the file that it leads to, as it does when a workspace is saved.

    Raises:
        IsADirectoryError: It is a folder.
    """
    path = Path(out).expanduser().absolute()
    if path.is_dir():
        raise IsADirectoryError(
            f"out={str(out)!r} is a folder; pass the path of the project to write"
        )
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _retry_opened(folder: RunFolder) -> Run:
    properties = folder.properties()
    call = properties["call"]
    if call is None or not only_known_functions(call):
        raise ValueError(
            "a run that was opened does not know functions of a notebook or script, "
            "nor objects in memory, and imports no module; import the module of its "
            "functions, or call batch.map with the same arguments, which computes "
            "again only what failed"
        )
    return map_items(
        Chain.from_json(call["chain"]),
        call["items"],
        out=folder.out,
        keep=properties["keep"],
        key=call["key"],
        **call["options"],
    )
