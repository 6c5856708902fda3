"""The work of a worker: compute the items of a task, and answer with receipts."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version

from datalab_workspace._version import __version__
from datalab_workspace.batch.chains.chain import Chain
from datalab_workspace.batch.failures import failure_of_error
from datalab_workspace.batch.folder.claims import Claims
from datalab_workspace.batch.folder.part_file import KeptObject
from datalab_workspace.batch.folder.parts import Part
from datalab_workspace.batch.folder.run_folder import RunFolder
from datalab_workspace.batch.items.item import Item
from datalab_workspace.batch.messages import Answer, Receipt, Settings, Task
from datalab_workspace.batch.results.result_columns import merge_units
from datalab_workspace.batch.worker.compute import compute
from datalab_workspace.batch.worker.item_reader import read_item
from datalab_workspace.batch.worker.process_limits import time_limit
from datalab_workspace.model.record import Record
from datalab_workspace.processing.doubtful_results import Doubt, Doubts
from datalab_workspace.runtime import is_installed

#: Seconds after which a worker ends a task early, so that others take the other items.
_LONG = 2.0
#: Bytes of results at which a worker ends a task early.
_LARGE = 32 << 20

#: The chain that this worker received last, by the token of its run. Another run may
#: have the same fingerprint and other functions, as with `key`, or functions that have
#: changed what they use.
_chains: dict[str, Chain] = {}
#: The chains of runs whose driver is in this process, by the token of the run.
_local: dict[str, Chain] = {}


@contextlib.contextmanager
def local_chain(token: str, chain: Chain) -> Iterator[None]:
    """Let the tasks of this process use a chain as it is, without a copy.

    Args:
        token: The token of the run.
        chain: Its chain.
    """
    _local[token] = chain
    try:
        yield
    finally:
        del _local[token]


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
    try:
        chain = _chain(settings.token, task.chain)
    except Exception as error:  # noqa: BLE001  the driver raises it
        return Answer(chain_error=error, worker=worker)
    if chain is None:
        return Answer(needs_chain=True, worker=worker)
    claims = Claims(folder.under_way, task.id)
    if claims.exist():
        return Answer(interrupted=claims.last(), worker=worker)
    try:
        return _computed(task, chain, claims, worker)
    except OSError as error:
        # Errors of an item are in its receipt: this one concerns the folder.
        return Answer(disk_error=error, worker=worker)


@functools.cache
def installed_versions() -> Mapping[str, str]:
    """Return the versions that the results depend on; nothing is imported."""
    found = {"datalab-workspace-api": __version__}
    if is_installed("sigima"):
        found["sigima"] = version("sigima")
    return found


def required_versions() -> Mapping[str, str]:
    """Return the versions that all workers of a run must have.

    A function that one version of Python has pickled is of no use to another one.
    """
    return {**installed_versions(), "Python": "{}.{}".format(*sys.version_info)}


@dataclass
class _Result:
    """The result of one item, with its objects, which are not written yet."""

    receipt: Receipt
    kept: list[KeptObject] = field(default_factory=list)
    units: Mapping[str, str] = field(default_factory=dict)
    doubts: Iterable[Doubt] = ()


def _computed(task: Task, chain: Chain, claims: Claims, worker: str) -> Answer:
    results: list[_Result] = []
    size = 0
    began = time.perf_counter()
    with Part(task.settings.folder, task.id) as part:
        for item in task.items:
            claims.add(item.index)
            result = _compute_item(item, chain, task.settings, claims)
            size += sum(_size(each.record) for each in result.kept)
            # While its data is in the processor's cache, and to release it.
            results.append(_written(part, item, result))
            if size > _LARGE or time.perf_counter() - began > _LONG:
                break
    claims.end()
    units: dict[str, str] = {}
    doubts = Doubts()
    for result in results:
        merge_units(units, result.units)
        for doubt in result.doubts:
            doubts.note(doubt)
    receipts = tuple(result.receipt for result in results)
    return Answer(receipts, part.name, units, tuple(doubts), worker=worker)


def _compute_item(
    item: Item, chain: Chain, settings: Settings, claims: Claims
) -> _Result:
    began = time.perf_counter()
    doubts = Doubts()
    try:
        with time_limit(settings.item_timeout, claims.time_limit):
            output = compute(chain, item, read_item(item, doubts), settings.keep)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and _can_be_interrupted():
            raise
        return _failed(item, error, time.perf_counter() - began)
    seconds = time.perf_counter() - began
    receipt = Receipt(item.index, item.fingerprint, output.rows, None, seconds)
    kept = [KeptObject(item.group, record) for record in output.kept]
    return _Result(receipt, kept, output.units, [*doubts, *output.doubts])


def _failed(item: Item, error: BaseException, seconds: float) -> _Result:
    failure = failure_of_error(error)
    return _Result(Receipt(item.index, item.fingerprint, (), failure, seconds))


def _written(part: Part, item: Item, result: _Result) -> _Result:
    """Write the objects of an item; return its result without them, or its failure.

    Raises:
        OSError: The part cannot be written, for example because the disk is full.
    """
    try:
        part.add(result.kept)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  the result of the item
        return _failed(item, error, result.receipt.seconds)
    return replace(result, kept=[])


def _size(record: Record) -> int:
    return sum(array.nbytes for array in record.arrays.values() if array is not None)


def _can_be_interrupted() -> bool:
    """Return whether a KeyboardInterrupt may come from the user, not from a function.

    Python raises it in the main thread. The worker processes ignore the signal.
    """
    if threading.current_thread() is not threading.main_thread():
        return False
    return signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


def _chain(token: str, data: bytes | None) -> Chain | None:
    """Return the chain of a run; None if this worker must be sent it.

    Threads of a worker may compute tasks of several runs at once.
    """
    chain = _local.get(token)
    if chain is not None:
        chain.check()
        return chain
    chain = _chains.get(token)
    if chain is None and data is not None:
        chain = Chain.loads(data)
        chain.check()
        _chains.clear()
        _chains[token] = chain
    return chain


def _refusal(settings: Settings, folder: RunFolder) -> str | None:
    wrong = _differences(settings.versions, required_versions())
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
