"""The smallest chains, items and engine with which a run can be computed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid5

from datalab_workspace.batch.engines.base import Engine
from datalab_workspace.batch.items import Item
from datalab_workspace.batch.messages import (
    Answer,
    Keep,
    ResultObject,
    Row,
    Settings,
    Task,
)
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import object_kind, to_object, to_record


@dataclass
class Chain:
    function: Callable[[Any], Any]

    @property
    def description(self) -> str:
        return self.function.__name__

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.function.__code__.co_code).hexdigest()

    def check(self) -> None:
        pass

    def dumps(self) -> bytes:
        import cloudpickle

        return cloudpickle.dumps(self)


def load_chain(data: bytes) -> Chain:
    import pickle

    return pickle.loads(data)


@dataclass(frozen=True)
class ItemOutput:
    rows: tuple[Row, ...]
    kept: tuple[Record, ...] = ()
    units: dict[str, str] = field(default_factory=dict)


def read_item(item: Item) -> list[Record]:
    return [item.source]


def compute(
    chain: Chain, item: Item, records: Sequence[Record], keep: Keep
) -> ItemOutput:
    result = chain.function(to_object(records[0]))
    values, kept = {}, []
    for one in result if isinstance(result, tuple) else (result,):
        if isinstance(one, dict):
            values.update(one)
        elif object_kind(one) is not None and keep == "objects":
            record = to_record(one)
            uuid = str(uuid5(UUID(int=0), f"{item.identity}|{chain.fingerprint}"))
            kept.append(
                replace(record, uuid=uuid, fields={**record.fields, "title": item.name})
            )
    objects = tuple(ResultObject(r.uuid, r.title, r.kind) for r in kept)
    return ItemOutput((Row(item.name, values, objects),), tuple(kept))


class _Items:
    def __init__(self, workspace: Any) -> None:
        self._workspace = workspace
        self._names = list(workspace)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> Item:
        record = self._workspace.record(self._names[index])
        return Item(
            index,
            self._names[index],
            None,
            record,
            record.uuid,
            self.fingerprint(index),
        )

    def names(self) -> Iterator[str]:
        return iter(self._names)

    def name(self, index: int) -> str:
        return self._names[index]

    def fingerprint(self, index: int) -> str:
        return self._names[index]


def make_items(items: Any, **options: Any) -> Any:
    return _Items(items)


def make_chain(what: Any, **options: Any) -> Chain:
    return Chain(what)


class _Serial(Engine):
    description = "1 thread"
    separate = False
    workers = 1

    def start(self, settings: Settings) -> None:
        pass

    def submit(
        self, task: Task, done: Callable[[Answer | BaseException], None]
    ) -> None:
        from datalab_workspace.batch.worker import run_task

        done(run_task(task))

    submit_alone = submit

    def interrupt(self) -> None:
        pass

    def finish(self) -> None:
        pass


def choose_engine(on: Any, workers: Any) -> Engine:
    return _Serial()
