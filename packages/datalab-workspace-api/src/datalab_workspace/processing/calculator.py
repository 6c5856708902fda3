"""What a workspace computes: `calc`, and what it is computed of, `select`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from datalab_workspace.model.description import WorkspaceMode
from datalab_workspace.model.equality import equal
from datalab_workspace.model.metadata_values import snapshot, values_equal
from datalab_workspace.model.naming import name_from_title, short_ids
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.progress import Progress
from datalab_workspace.runtime import require
from datalab_workspace.validation import one_of, suggest_on_typo

if TYPE_CHECKING:
    from datalab_workspace.backends.base import Backend
    from datalab_workspace.model.naming import NameBook
    from datalab_workspace.operations.files import ProjectLink
    from datalab_workspace.processing.calculation import Calculation, Operand

Where: TypeAlias = Literal["kernel", "datalab"]
# Within the workspace, `list` is its method.
NamesOf: TypeAlias = "str | Iterable[str]"
Names: TypeAlias = "list[str]"
UUIDs: TypeAlias = "list[str]"
Outcomes: TypeAlias = "list[Any]"


class Calculator(ABC):
    """What makes ``ws.calc("fft", on="x")`` work.

    Everything is computed by sigima in this process; titles, groups and metadata of
    results are those that DataLab would give, so that it can recompute them.
    """

    _backend: Backend
    _names: NameBook
    _link: ProjectLink
    #: UUIDs of what `select` chose last.
    _chosen: tuple[str, ...] = ()

    @abstractmethod
    def _current(self, max_age: float = 0.0) -> AbstractContextManager[None]:
        """Do one thing as a whole, beginning with what others have changed."""

    @abstractmethod
    def _uuid(self, name: object) -> str:
        """Return the UUID of the object of this name, UUID or short id."""

    @abstractmethod
    def _group_of(self, uuid: str) -> str:
        """Return the title of an object's group."""

    # -- what it is computed of -------------------------------------------------------

    @property
    def selection(self) -> Names:
        """Names of the objects that `select` chose last, without those removed since.

        Of a running DataLab, those that are selected in its window, in the panel that
        it shows. `calc`, where it is not told otherwise, computes of what `select`
        chose; nothing else changes that choice.

        Raises:
            NotSupportedByProtocolError: DataLab's XML-RPC server, the only one that
                reports the selection, is not available (a `NotImplementedError`).
        """
        with self._current():
            selected = self._backend.selection()
            uuids = self._chosen_ones() if selected is None else selected
            return [self._names.name_of(uuid) for uuid in uuids]

    @suggest_on_typo
    def select(self, names: NamesOf) -> None:
        """Choose the objects that `calc` computes of where it is not told otherwise.

        In a running DataLab, they are selected in the window, too.

        Args:
            names: A name, UUID or short id, or several; none with an empty list.

        Raises:
            KeyError: There is no such object; the choice stays as it was then.
        """
        with self._current():
            chosen = tuple(dict.fromkeys(map(self._uuid, _listed(names))))
            self._backend.select(chosen)
            self._chosen = chosen

    @suggest_on_typo
    def select_objects(self, names: NamesOf) -> None:
        """Choose objects, as `select`; it is called so in earlier versions."""
        self.select(names)

    # -- what is computed -------------------------------------------------------------

    def calc(
        self,
        name: str,
        param: Any = None,
        *,
        on: NamesOf | None = None,
        with_: str | None = None,
        where: Where = "kernel",
        **parameters: Any,
    ) -> Any:
        """Compute something of objects, by the name that DataLab and sigima give it.

        The names are those of the functions in `sigima.proc.signal` and
        `sigima.proc.image`; which of the two is meant, the objects tell::

            ws.calc("moving_average", on="noisy", n=5)        # 'moving_average(s001)|…'
            ws.calc("difference", on=["a", "b"], with_="background")
            ws.calc("average", on=["a", "b", "c"])            # 'µ(s001, s002, s003)'
            ws.calc("fwhm", on="peak").to_dataframe()

        A signal or image that is computed is added under the title that DataLab gives
        it, at the end of the group of its (first) source, or in the first group of its
        panel if it is of the other kind. If the title is the name of another object,
        the next one that is free is taken, as in ``fft(s001) (2)``; an equal object
        there is the result, and nothing is added, so that a notebook can be run twice.
        Results of analyses go into the metadata of the object analysed, as DataLab puts
        them. Everything is computed before anything is added or changed.

        Args:
            name: Name of the feature: ``"fft"``, ``"gaussian_filter"``, ``"stats"``…
            param: A parameter object of sigima's or a dict of values; without it, the
                parameters are sigima's defaults. Of ``extract_roi``, ``extract_rois``
                and ``erase`` also a list of them; without it, the parameters are the
                object's own regions of interest.
            on: A name, UUID or short id, or several: a feature of one object is
                computed of each, one of a list of objects of all together. By default
                what `select` chose.
            with_: Name of the second object, for a feature of two.
            where: "kernel" computes in this process, "datalab" in the DataLab that the
                workspace is attached to, for what makes an object of one. It is
                computed here before, for DataLab would open a box if it failed.
            parameters: Values of parameters by name; they win over those in `param`.

        Returns:
            The name of the result, or of an analysis the result itself, a
            `GeometryResult` or `TableResult` of sigima's, None if it found nothing; a
            list of these if `on` is a list and the feature is computed of each, or if
            it was computed of several regions.

        Raises:
            FeatureNotFoundError: There is no such feature for these objects (a
                `ValueError`); close matches are named.
            KeyError: There is no such object.
            TypeError: There is no such parameter, or one is of the wrong type; or the
                feature takes other objects.
            ValueError: A parameter has a value that is not allowed; or nothing says
                what to compute of.
            LiveUnavailableError: `where` is "datalab", and the workspace is attached to
                none (a `ConnectionError`).
            NotSupportedByProtocolError: `where` is "datalab", and only one of its
                protocols is available, or its window would open a dialog (likewise).
            Exception: What sigima raises; a note says of which feature and object.

        Warns:
            UserWarning: Signals on different x were interpolated; and what sigima
                warns of.
        """
        with self._current():
            one_of(where, "where", ("kernel", "datalab"))
            require("sigima", "calc()")
            from datalab_workspace.processing.calculation import plan

            uuids = self._to_compute_of(on, name)
            second = None if with_ is None else self._uuid(with_)
            found = self._operands(uuids if second is None else [*uuids, second])
            calculations = plan(
                name,
                found[: len(uuids)],
                None if second is None else found[-1],
                param,
                parameters,
            )
            feature = calculations[0].feature
            if where == "datalab":
                outcomes = self._computed_there(calculations)
            else:
                outcomes = self._keep(list(_run(calculations)))
            if feature.operands is None:
                return outcomes[0]
            of_one = isinstance(on, str) or (on is None and len(uuids) == 1)
            own_regions = feature.each_region and not parameters
            if own_regions and (param is None or isinstance(param, Sequence)):
                of_one = False
            return outcomes[0] if of_one else outcomes

    def _to_compute_of(self, on: NamesOf | None, feature: str) -> UUIDs:
        if on is not None:
            uuids = [self._uuid(name) for name in _listed(on)]
        else:
            uuids = self._chosen_ones()
        if not uuids:
            raise ValueError(
                f"nothing says of what to compute {feature!r:.80}: pass on=name, or "
                "choose with select(names)"
            )
        return uuids

    def _chosen_ones(self) -> UUIDs:
        present = {entry.uuid for entry in self._backend.entries()}
        return [uuid for uuid in self._chosen if uuid in present]

    def _operands(self, uuids: Sequence[str]) -> Sequence[Operand]:
        from datalab_workspace.processing.calculation import Operand

        wanted, operands = set(uuids), {}
        for number, entry in short_ids(self._backend.entries()):
            if entry.uuid in wanted:
                operands[entry.uuid] = Operand(
                    entry.uuid,
                    self._names.name_of(entry.uuid),
                    number,
                    entry.kind,
                    # A copy: functions may write to what they are given.
                    to_object(self._backend.operand(entry.uuid)),
                )
        return [operands[uuid] for uuid in uuids]

    def _keep(self, done: Sequence[tuple[Calculation, Any]]) -> Outcomes:
        """Add what was computed; what cannot be kept is told before that."""
        kept: list[Record | dict[Any, Any] | None] = []
        for calculation, result in done:
            if not calculation.feature.analysis:
                kept.append(to_record(result, copy=False))
            else:
                kept.append(snapshot(calculation.noted(result), "the result"))
        outcomes: list[Any] = []
        for (calculation, result), what in zip(done, kept, strict=True):
            source = calculation.sources[0]
            if isinstance(what, Record):
                beside = source.uuid if what.kind == source.kind else None
                outcomes.append(self._add_result(what, beside))
            else:
                self._note(source.uuid, what or {})
                outcomes.append(result)
        return outcomes

    def _computed_there(self, calculations: Sequence[Calculation]) -> Outcomes:
        """Have DataLab compute what is known, by computing it here, to succeed."""
        for calculation in calculations:
            calculation.check_remote()
        if self._backend.mode is WorkspaceMode.STANDALONE:
            first = calculations[0]
            self._backend.compute(first.sources[0].uuid, first.feature.name, None)
        outcomes: list[Any] = []
        for calculation, _ in list(_run(calculations)):
            source = calculation.sources[0]
            values = calculation.parameter_values()
            added = self._backend.compute(source.uuid, calculation.feature.name, values)
            self._names.sync(self._backend.entries())
            self._link.modified = True
            outcomes += [self._names.name_of(uuid) for uuid in added]
        return outcomes

    def _add_result(self, record: Record, beside: str | None) -> str:
        title = name_from_title(record.title)
        name, number = title, 1
        while (holder := self._names.uuid_of(name)) is not None:
            if equal(self._backend.record(holder), record):
                return name
            number += 1
            name = f"{title} ({number})"
        can = self._backend.capabilities
        record.fields["title"] = title if can.tells_apart else name
        group = self._group_of(beside) if can.groups and beside else None
        self._backend.add(record.copy(), group=group, composed=True)
        self._names.bind(record.uuid, name)
        self._link.modified = True
        return name

    def _note(self, uuid: str, entries: dict[Any, Any]) -> None:
        known = self._backend.record(uuid).metadata
        if not values_equal({key: known.get(key) for key in entries}, entries):
            self._backend.edit(uuid, {}, entries)
            self._link.modified = True


def _run(calculations: Sequence[Calculation]) -> Iterator[tuple[Calculation, Any]]:
    what = f"computing {calculations[0].feature.name!r}"
    with Progress(what, len(calculations)) as progress:
        for calculation in calculations:
            yield calculation, calculation.run()
            progress.advance(1)


def _listed(names: Any) -> Iterable[str]:
    if isinstance(names, str):
        return [names]
    if not isinstance(names, Iterable) or hasattr(names, "metadata"):
        raise TypeError(
            f"objects are named here, {type(names).__name__} is no name; add() it first"
        )
    return names
