"""The selection: the objects that `calc` computes from if it is given none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from datalab_workspace.errors import NotSupportedByProtocolError
from datalab_workspace.model.name_lists import NamesOf, listed
from datalab_workspace.model.record import KINDS, Kind
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction


class Selection(list[str]):
    """Names of selected objects.

    Attributes:
        signals: Names of the selected signals; None if they are not known.
        images: Names of the selected images; None if they are not known.
        shown: The panel that DataLab's window shows, "signal" or "image"; None without
            a window, or if it is not known.

    Example:
        >>> workspace.select("spot")
        >>> workspace.selection, workspace.selection.signals
        (['spot'], [])
    """

    def __init__(
        self,
        names: Iterable[str],
        signals: list[str] | None = None,
        images: list[str] | None = None,
        shown: Kind | None = None,
    ) -> None:
        super().__init__(names)
        self.signals = signals
        self.images = images
        self.shown = shown


def select(session: Session, names: NamesOf) -> None:
    """See `Workspace.select`."""
    wanted = listed(names)

    def operation(transaction: Transaction) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(map(transaction.uuid, wanted)))
        transaction.backend.select(chosen)
        return chosen

    session.choose(session.run(operation))
    session.chose_one = isinstance(names, str)
    window = session.backend.capabilities.window
    session.shown_then = session.backend.known_selection() if window else None


def selection(session: Session) -> Selection:
    """See `Workspace.selection`."""
    with session.transaction() as transaction:
        backend = transaction.backend
        selected = backend.selection()
        uuids = _still_chosen(session) if selected is None else selected
        name_of = transaction.names.hand_out
        if selected is None:
            panels: Mapping[Kind, Sequence[str] | None] = {
                kind: [u for u in uuids if backend.kind_of(u) == kind] for kind in KINDS
            }
        else:
            panels = backend.selections()
        signals, images = (
            None if panels[kind] is None else [name_of(u) for u in panels[kind] or ()]
            for kind in KINDS
        )
        return Selection(map(name_of, uuids), signals, images, backend.shown)


def operands_of_choice(session: Session) -> Sequence[str]:
    """Return UUIDs of the objects that `calc` uses without ``on=``.

    In a running DataLab, these are the objects that are selected in its window, unless
    only calls of this workspace have changed the selection since `select`. Where no
    protocol reports them, they are those that `select` chose last.

    Raises:
        NotSupportedByProtocolError: They are unknown, and `select` chose none.
    """
    try:
        selected = session.backend.selection()
    except NotSupportedByProtocolError:
        chosen = _still_chosen(session)
        if not chosen:
            raise
        return chosen
    return _in_order_of_choice(session, selected)


def known_operands(session: Session) -> Collection[str]:
    """Return the result of `operands_of_choice`, as far as it is known.

    DataLab is not asked. If the selection is unknown, the result is empty.
    """
    if not session.backend.capabilities.window:
        return _still_chosen(session)
    selected = session.backend.known_selection()
    return () if selected is None else _in_order_of_choice(session, selected)


def chosen_as_one(session: Session, operands: Sequence[str]) -> bool:
    """Return whether the operands are the one object that ``select(name)`` chose.

    The name was not in a list. So the call is one for one object, too.
    """
    return session.chose_one and [*operands] == [*_still_chosen(session)]


def _in_order_of_choice(
    session: Session, selected: Sequence[str] | None
) -> Sequence[str]:
    """Return the choice of `select` unless the user has selected something else.

    The window reports the objects in its own order, perhaps only those of the panel
    that it shows. It may have selected objects that were added or shown here.
    """
    chosen = _still_chosen(session)
    if selected is None:
        return chosen
    # The window may show the panel of other objects, and nothing has changed there.
    then = session.shown_then
    if chosen and then is not None and [*selected] == [*then]:
        return chosen
    if chosen and selected and session.in_passing.issuperset(selected):
        return chosen
    kinds = {session.backend.kind_of(uuid) for uuid in selected}
    visible = {uuid for uuid in chosen if session.backend.kind_of(uuid) in kinds}
    return chosen if selected and visible == {*selected} else selected


def _still_chosen(session: Session) -> Sequence[str]:
    """Return UUIDs of the chosen objects that still exist."""
    return [uuid for uuid in session.chosen if session.backend.has(uuid)]
