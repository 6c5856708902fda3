"""One call that computes a run: prepare its folder, compute, and write the results."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datalab_workspace.batch.chains.chain import Chain
from datalab_workspace.batch.driver.driver import Driver
from datalab_workspace.batch.driver.folder_state import FolderState
from datalab_workspace.batch.driver.item_states import ItemStates
from datalab_workspace.batch.driver.previous_run import (
    check_inputs,
    check_out,
    compare,
    forget_lost,
    stamp_of,
)
from datalab_workspace.batch.driver.resume import match_items
from datalab_workspace.batch.driver.run_progress import RunProgress
from datalab_workspace.batch.driver.stop_rules import disk_error, is_full
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
from datalab_workspace.batch.worker.tasks import (
    installed_versions,
    local_chain,
    required_versions,
)
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
        call: The arguments of the call as data for JSON; None if that cannot be.
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
    call: Mapping[str, Any] | None = None

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
            states = self._compute(doubts, overwrite=overwrite)
        finally:
            lock.release()
        doubts.warn()
        return self._result(states)

    def _compute(self, doubts: Doubts, *, overwrite: bool) -> ItemStates:
        folder = self.folder
        finish_outputs(folder.path, folder.out)
        states = match_items(folder.journal, self.items)
        check_out(folder, overwrite=overwrite, stamps=states.written)
        states.retry_failed()
        if states.outputs is not None and not states.left and _all_exist(folder):
            return states
        forget_lost(folder, states)
        folder.remove_claims()
        journal = JournalWriter(folder.journal)
        try:
            with self._stop_with_run(states):
                if states.left:
                    self._drive(states, journal, doubts)
                self._write(states, journal)
        finally:
            journal.close()
        return states

    def _drive(
        self, states: ItemStates, journal: JournalWriter, doubts: Doubts
    ) -> None:
        engine = choose_engine(self.on, self.workers, items=states.left)
        settings = Settings(
            folder=self.folder.path,
            token=self.folder.new_token(),
            keep=self.keep,
            versions=required_versions(),
            item_timeout=self.item_timeout,
            memory_limit=self.memory_limit,
        )
        _append(journal, states, items=len(self.items), engine=engine.description)
        progress = RunProgress(states.left)
        local: AbstractContextManager[None] = contextlib.nullcontext()
        if not engine.separate:
            local = local_chain(settings.token, self.chain)
        with (
            _noted_time(journal, states),
            progress,
            local,
        ):
            Driver(
                self.items,
                states,
                folder=self.folder,
                journal=journal,
                engine=engine,
                settings=settings,
                chain=self.chain.dumps() if engine.separate else None,
                on_receipts=progress.note,
                doubts=doubts,
            ).run()

    def _write(self, states: ItemStates, journal: JournalWriter) -> None:
        folder = self.folder
        state = FolderState(folder, states, self.owner)
        try:
            if states.written:
                # If this driver is killed before it notes the new files, they count as
                # its own.
                _append(journal, states, written={})
            with Progress(f"writing {folder.out.name!r}", states.done) as progress:
                advance = progress.advance
                write_outputs(state, folder.out, keep=self.keep, advance=advance)
            folder.create()
            outputs = {path.name: stamp_of(path) for path in _outputs(folder)}
            _append(journal, states, outputs=outputs)
        except OSError as error:
            if is_full(error):
                raise disk_error(error) from error
            raise

    @contextlib.contextmanager
    def _stop_with_run(self, states: ItemStates) -> Iterator[None]:
        """Let an error that ends the run early carry the run."""
        try:
            yield
        except BatchStoppedError as error:
            error.run = self._result(states)
            raise
        except KeyboardInterrupt as error:
            if self.owner is None and hasattr(error, "add_note"):  # since Python 3.11
                error.add_note(
                    f"{states.done:,} of {len(states):,} items are done and kept; the "
                    "same call continues the run"
                )
            raise

    def _result(self, states: ItemStates) -> Run:
        return Run(FolderState(self.folder, states, self.owner), self._retry)

    def _retry(self) -> Run:
        # A file may have been repaired, which changes its fingerprint.
        return replace(self, items=self.list_items()).run()

    def _properties(self) -> dict[str, Any]:
        versions = installed_versions()
        return {
            "chain": {
                "fingerprint": self.chain.fingerprint,
                "description": self.chain.description,
                "parts": dict(self.chain.examination.parts),
            },
            "keep": self.keep,
            "reading": {
                name: value if isinstance(value, (str, int, float)) else repr(value)
                for name, value in self.reading.items()
                if value is not None
            },
            "versions": versions,
            "call": self.call,
        }


@contextlib.contextmanager
def _noted_time(journal: JournalWriter, states: ItemStates) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        # A full disk has ended the run, and must not hide how.
        with contextlib.suppress(OSError):
            _append(journal, states, seconds=round(time.monotonic() - began, 3))


def _outputs(folder: RunFolder) -> list[Path]:
    return outputs_of(folder.path, folder.out)


def _all_exist(folder: RunFolder) -> bool:
    return all(path.exists() for path in _outputs(folder))


def _append(journal: JournalWriter, states: ItemStates, **line: Any) -> None:
    journal.append([line])
    states.note_line(line)
