"""One call that computes a run: prepare its folder, compute, and write the results."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from datalab_workspace.batch.chains.chain import Chain
from datalab_workspace.batch.driver.driver import Driver
from datalab_workspace.batch.driver.folder_state import FolderState
from datalab_workspace.batch.driver.former_run import (
    check_inputs,
    check_out,
    compare,
    forget_lost,
)
from datalab_workspace.batch.driver.ledger import Ledger
from datalab_workspace.batch.driver.resume import match_items
from datalab_workspace.batch.driver.run_progress import RunProgress
from datalab_workspace.batch.driver.stops import disk_error, is_full
from datalab_workspace.batch.engines.choose import choose_engine
from datalab_workspace.batch.errors import BatchStoppedError
from datalab_workspace.batch.folder.run_folder import RunFolder
from datalab_workspace.batch.folder.run_journal import JournalWriter
from datalab_workspace.batch.folder.run_lock import RunLock
from datalab_workspace.batch.items.item import Items
from datalab_workspace.batch.messages import Keep, Settings
from datalab_workspace.batch.outputs.files import write_outputs
from datalab_workspace.batch.outputs.staging import finish_outputs, outputs_of
from datalab_workspace.batch.results.run import Run
from datalab_workspace.batch.worker.tasks import installed_versions, local_chain
from datalab_workspace.processing.doubtful_results import Doubts
from datalab_workspace.progress import Progress


@dataclass(frozen=True)
class Computation:
    """A chain, its items, and how they are computed.

    Attributes:
        chain: The chain.
        items: The items, as they were when the call began.
        list_items: Returns the items as they are now.
        folder: The folder of the run.
        owner: The temporary folder that holds it; None without one.
        keep: "objects" if the objects that the chain returns are kept.
        reading: The options with which items are chosen and read.
        on: See `map`.
        workers: See `map`.
        item_timeout: See `map`.
        memory_limit: See `map`.
    """

    chain: Chain
    items: Items
    list_items: Callable[[], Items]
    folder: RunFolder
    owner: object
    keep: Keep
    reading: Mapping[str, Any]
    on: Any
    workers: int | None
    item_timeout: float | None
    memory_limit: int | None

    def run(self, *, restart: bool = False, overwrite: bool = False) -> Run:
        """Compute what is left, write the results, and return the run.

        Args:
            restart: See `map`.
            overwrite: See `map`.
        """
        check_out(self.folder, overwrite=overwrite)
        if overwrite:
            check_inputs(self.folder, self.items)
        properties = self._properties()
        if not restart:
            compare(self.folder, properties)
        self.folder.create()
        doubts = Doubts()
        lock = RunLock(self.folder.lock)
        try:
            if restart:
                self.folder.clear()
            elif self.folder.is_run:
                compare(self.folder, properties)
            self.folder.write_properties(properties)
            ledger = self._compute(doubts, overwrite=overwrite)
        finally:
            lock.release()
        doubts.warn()
        return self._result(ledger)

    def _compute(self, doubts: Doubts, *, overwrite: bool) -> Ledger:
        folder = self.folder
        finish_outputs(folder.path, folder.out)
        ledger = match_items(folder.journal, self.items)
        check_out(folder, overwrite=overwrite, stamp=ledger.outputs)
        ledger.retry_failed()
        if ledger.outputs is not None and not ledger.left and _all_exist(folder):
            return ledger
        forget_lost(folder, ledger)
        folder.remove_claims()
        journal = JournalWriter(folder.journal)
        try:
            with self._stop_with_run(ledger):
                if ledger.left:
                    self._drive(ledger, journal, doubts)
                self._write(ledger, journal)
        finally:
            journal.close()
        return ledger

    def _drive(self, ledger: Ledger, journal: JournalWriter, doubts: Doubts) -> None:
        engine = choose_engine(self.on, self.workers, items=ledger.left)
        settings = Settings(
            folder=self.folder.path,
            token=self.folder.new_token(),
            keep=self.keep,
            versions=installed_versions(),
            item_timeout=self.item_timeout,
            memory_limit=self.memory_limit,
        )
        _append(journal, ledger, items=len(self.items), engine=engine.description)
        progress = RunProgress(ledger.left)
        local: AbstractContextManager[None] = contextlib.nullcontext()
        if not engine.separate:
            local = local_chain(settings.token, self.chain)
        with (
            _noted_time(journal, ledger),
            progress,
            local,
        ):
            Driver(
                self.items,
                ledger,
                folder=self.folder,
                journal=journal,
                engine=engine,
                settings=settings,
                chain=self.chain.dumps() if engine.separate else None,
                on_receipts=progress.note,
                doubts=doubts,
            ).run()

    def _write(self, ledger: Ledger, journal: JournalWriter) -> None:
        folder = self.folder
        state = FolderState(folder, ledger, self.owner)
        try:
            with Progress(f"writing {folder.out.name!r}", ledger.done) as progress:
                advance = progress.advance
                write_outputs(state, folder.out, keep=self.keep, advance=advance)
            folder.create()
            status = folder.out.stat()
            _append(journal, ledger, outputs=[status.st_size, status.st_mtime_ns])
        except OSError as error:
            if is_full(error):
                raise disk_error(error) from error
            raise

    @contextlib.contextmanager
    def _stop_with_run(self, ledger: Ledger) -> Iterator[None]:
        """Let an error that ends the run early carry the run."""
        try:
            yield
        except BatchStoppedError as error:
            error.run = self._result(ledger)
            raise
        except KeyboardInterrupt as error:
            if self.owner is None and hasattr(error, "add_note"):  # since Python 3.11
                error.add_note(
                    f"{ledger.done:,} of {len(ledger):,} items are done and kept; the "
                    "same call continues the run"
                )
            raise

    def _result(self, ledger: Ledger) -> Run:
        return Run(FolderState(self.folder, ledger, self.owner), self._retry)

    def _retry(self) -> Run:
        # A file may have been repaired, which changes its fingerprint.
        return replace(self, items=self.list_items()).run()

    def _properties(self) -> dict[str, Any]:
        versions = installed_versions()
        return {
            "chain": {
                "fingerprint": self.chain.fingerprint,
                "description": self.chain.description,
            },
            "keep": self.keep,
            "reading": {
                name: value if isinstance(value, (str, int, float)) else repr(value)
                for name, value in self.reading.items()
                if value is not None
            },
            "versions": versions,
        }


@contextlib.contextmanager
def _noted_time(journal: JournalWriter, ledger: Ledger) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        # A full disk has ended the run, and must not hide how.
        with contextlib.suppress(OSError):
            _append(journal, ledger, seconds=round(time.monotonic() - began, 3))


def _all_exist(folder: RunFolder) -> bool:
    return all(path.exists() for path in outputs_of(folder.path, folder.out))


def _append(journal: JournalWriter, ledger: Ledger, **line: Any) -> None:
    journal.append([line])
    ledger.note_line(line)
