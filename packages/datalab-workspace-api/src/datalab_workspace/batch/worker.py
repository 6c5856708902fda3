"""The work of a worker: compute the items of a task, and answer with receipts."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

from datalab_workspace._version import __version__
from datalab_workspace.batch.chains import Chain
from datalab_workspace.batch.claims import Claims
from datalab_workspace.batch.compute import compute
from datalab_workspace.batch.failures import failure_of_error
from datalab_workspace.batch.items import Item
from datalab_workspace.batch.ledger import merge_units
from datalab_workspace.batch.messages import Answer, Receipt, Settings, Task
from datalab_workspace.batch.parts import KeptObject, write_part
from datalab_workspace.batch.process_limits import time_limit
from datalab_workspace.batch.reading import read_item
from datalab_workspace.batch.run_folder import RunFolder
from datalab_workspace.runtime import is_installed

#: Seconds after which a worker ends a task early, so that others take the other items.
_LONG = 2.0
#: Bytes of results at which a worker ends a task early.
_LARGE = 32 << 20

#: The chain that this worker received last, by fingerprint.
_chains: dict[str, Chain] = {}
#: The chains of runs whose driver is in this process, by fingerprint.
_local: dict[str, Chain] = {}


@contextlib.contextmanager
def local_chain(chain: Chain) -> Iterator[None]:
    """Let the tasks of this process use a chain as it is, without a copy."""
    _local[chain.fingerprint] = chain
    try:
        yield
    finally:
        _local.pop(chain.fingerprint, None)


def run_task(task: Task) -> Answer:
    """Compute the items of a task in this process.

    Args:
        task: The task.

    Returns:
        The receipts, or the reason why nothing was computed. An error of an item is
        part of its receipt.
    """
    worker = f"{socket.gethostname()}:{os.getpid()}"
    settings = task.settings
    folder = RunFolder.at(settings.folder)
    if (refusal := _refusal(settings, folder)) is not None:
        return Answer(refusal=refusal, worker=worker)
    if task.chain is None and settings.chain not in _chains | _local:
        return Answer(needs_chain=True, worker=worker)
    try:
        chain = _chain(settings.chain, task.chain)
    except Exception as error:  # noqa: BLE001  the driver raises it
        return Answer(chain_error=error, worker=worker)
    claims = Claims(folder.under_way, task.id)
    if claims.exist():
        return Answer(interrupted=claims.last(), worker=worker)
    try:
        return _computed(task, chain, claims, worker)
    except OSError as error:
        # Errors of an item are in its receipt: this one concerns the folder.
        return Answer(disk_error=error, worker=worker)


def installed_versions() -> dict[str, str]:
    """Return the versions that all workers of a run must have; nothing is imported."""
    return {"datalab-workspace-api": __version__} | {
        package: version(package)
        for package in ("sigima", "numpy")
        if is_installed(package)
    }


@dataclass
class _Results:
    """What a task has computed so far."""

    receipts: list[Receipt] = field(default_factory=list)
    kept: list[KeptObject] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    size: int = 0


def _computed(task: Task, chain: Chain, claims: Claims, worker: str) -> Answer:
    results = _Results()
    began = time.perf_counter()
    for item in task.items:
        claims.add(item.index)
        _compute_item(item, chain, task.settings, claims, results)
        if results.size > _LARGE or time.perf_counter() - began > _LONG:
            break
    part = None
    if results.kept:
        part = write_part(task.settings.folder, task.id, results.kept)
    return Answer(tuple(results.receipts), part, results.units, worker=worker)


def _compute_item(
    item: Item, chain: Chain, settings: Settings, claims: Claims, results: _Results
) -> None:
    began = time.perf_counter()
    try:
        with time_limit(settings.item_timeout, claims.time_limit):
            records = read_item(item)
            output = compute(chain, item, records, settings.keep)
    except (Exception, SystemExit) as error:  # noqa: BLE001  the result of the item
        results.receipts.append(
            Receipt(
                item.index,
                item.fingerprint,
                (),
                failure_of_error(error),
                time.perf_counter() - began,
            )
        )
        return
    for record in output.kept:
        results.kept.append(KeptObject(item.group, record))
        results.size += sum(
            array.nbytes for array in record.arrays.values() if array is not None
        )
    merge_units(results.units, output.units)
    seconds = time.perf_counter() - began
    results.receipts.append(
        Receipt(item.index, item.fingerprint, output.rows, None, seconds)
    )


def _chain(fingerprint: str, data: bytes | None) -> Chain:
    if fingerprint in _local:
        chain = _local[fingerprint]
        chain.check()
        return chain
    if fingerprint not in _chains:
        assert data is not None, "the caller has checked it"
        chain = Chain.loads(data)
        chain.check()
        _chains.clear()
        _chains[fingerprint] = chain
    return _chains[fingerprint]


def _refusal(settings: Settings, folder: RunFolder) -> str | None:
    here = installed_versions()
    wrong = _differences(settings.versions, here)
    if wrong:
        return f"the worker has other versions: {wrong}"
    if folder.token() != settings.token:
        return (
            f"the worker does not see the folder {str(settings.folder)!r} of the run; "
            "pass an out= in a folder that all workers share"
        )
    return None


def _differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> str:
    return ", ".join(
        f"{package} {found.get(package, 'none')} instead of {needed}"
        for package, needed in wanted.items()
        if found.get(package) != needed
    )
