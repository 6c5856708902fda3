"""The last transactions, as they can be taken back.

What a transaction removed or replaced is kept for this, up to a number of bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import numpy as np

from datalab_kernel.desktop.companion import titles
from datalab_kernel.desktop.companion.application import Saved
from datalab_kernel.desktop.companion.draft import Draft, missing
from datalab_kernel.desktop.companion.exchange import ProtocolError
from datalab_kernel.desktop.companion.layout import Layout
from datalab_kernel.desktop.companion.state import State
from datalab_workspace.model.record import KINDS, Kind

#: Bytes of the arrays that are kept.
LIMIT = 256 << 20
_MOST = 1_000


@dataclass(eq=False)
class Past:
    """One transaction.

    Attributes:
        before: The groups of each panel before it.
        after: The groups of each panel after it.
        added: UUIDs of the objects that it added.
        removed: The objects that it removed, with their kinds, by UUID.
        values: The former values of the objects that it changed.
        retitled: The former and the present title of each object that it retitled.
        templates: The former titles that DataLab keeps up to date.
        names: The former names of the objects that it removed or renamed.
        given: The former titles by clients.
        earlier: The revision of each object that it concerns, before it.
        later: The revision of each of them that is left, after it.
        nbytes: Bytes of the arrays that are kept for it.
    """

    before: dict[Kind, Layout]
    after: dict[Kind, Layout]
    added: list[str] = field(default_factory=list)
    removed: dict[str, tuple[Kind, Any]] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    retitled: dict[str, tuple[str, str]] = field(default_factory=dict)
    templates: dict[str, titles.Template] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    earlier: dict[str, int] = field(default_factory=dict)
    later: dict[str, int] = field(default_factory=dict)
    nbytes: int = 0

    @property
    def renumbered(self) -> set[str]:
        """The objects whose titles only follow the numbers of others."""
        return self.templates.keys() - self.names.keys() - self.values.keys()

    @property
    def concerned(self) -> set[str]:
        """UUIDs of the objects that it has added, removed or changed."""
        return {*self.added, *self.removed, *self.values, *self.retitled, *self.names}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take back, as after a selection."""
        changed = (self.added, self.removed, self.values, self.retitled, self.names)
        return not any(changed) and self.before == self.after


class UndoLog:
    """The last transactions by ticket, within the limits."""

    def __init__(self) -> None:
        self._kept: dict[str, Past] = {}

    def keep(self, past: Past) -> str | None:
        """Keep a transaction; return its ticket, or None if it is not kept."""
        if past.is_empty or past.nbytes > LIMIT:
            return None
        ticket = str(uuid4())
        self._kept[ticket] = past
        total = sum(kept.nbytes for kept in self._kept.values())
        while total > LIMIT or len(self._kept) > _MOST:
            total -= self._kept.pop(next(iter(self._kept))).nbytes
        return ticket

    def get(self, ticket: str) -> Past:
        """Return a transaction.

        Raises:
            ProtocolError: It is not kept.
        """
        past = self._kept.get(ticket)
        if past is None:
            raise missing([ticket], "there is no transaction to undo with the ticket")
        return past

    def drop(self, ticket: str, revisions: dict[str, int]) -> None:
        """Forget a transaction that was taken back.

        Its objects are again as they were before it, so that the transactions before it
        can be taken back, too.

        Args:
            ticket: The ticket of the transaction.
            revisions: The present revisions of its objects.
        """
        undone = self._kept.pop(ticket)
        for uuid, rev in revisions.items():
            for past in self._kept.values():
                if past.later.get(uuid, -1) == undone.earlier.get(uuid):
                    past.later[uuid] = rev


def past_of(state: State, draft: Draft, saved: Saved) -> Past:
    """Return the transaction that was just applied.

    Args:
        state: The state, which has not accepted the draft yet.
        draft: The draft.
        saved: The state of the window before.
    """
    window = state.window
    past = Past(saved.layouts, window.layouts())
    before = {u: (k, o) for k in KINDS for u, o in saved.objects[k].items()}
    now = window.objects_by_uuid()
    past.added = [
        u
        for u in dict.fromkeys(draft.inserted)
        if u in now and before.get(u, (0, 0))[1] is not now[u]
    ]
    past.removed = {
        u: before[u]
        for u in draft.discarded
        if u in before and now.get(u) is not before[u][1]
    }
    past.values = {u: v for u, v in saved.values.items() if u not in past.removed}
    for uuid in saved.retitled & saved.titles.keys() & now.keys():
        if uuid not in past.removed:
            past.retitled[uuid] = (saved.titles[uuid], now[uuid].title)
    concerned = past.removed.keys() | past.retitled.keys() | past.values.keys()
    past.given = {u: state.given[u] for u in concerned & state.given.keys()}
    for uuid in concerned - past.given.keys():
        title = saved.titles[uuid] or ""
        if titles.may_be_rewritten(title):
            past.templates[uuid] = titles.template(title, saved.short_ids.uuid_of)
    for uuid in {*state.names.differing(draft.names), *past.removed}:
        if uuid in before:
            past.names[uuid] = state.names.name_of(uuid)
    arrays = {
        id(a): a.nbytes for _, o in past.removed.values() for a in _arrays(vars(o))
    }
    for uuid, values in past.values.items():
        kept = {id(array) for array in _arrays(vars(now[uuid]))}
        arrays |= {id(a): a.nbytes for a in _arrays(values) if id(a) not in kept}
    past.nbytes = sum(arrays.values())
    return past


def _arrays(values: dict[str, Any]) -> list[np.ndarray[Any, Any]]:
    return [value for value in values.values() if isinstance(value, np.ndarray)]


def check_unchanged(state: State, past: Past) -> None:
    """Check that nothing of a transaction was changed since.

    Raises:
        ProtocolError: Something was.
    """
    for uuid in {*past.added, *past.values, *(past.retitled.keys() - past.renumbered)}:
        known = state.known.get(uuid)
        if known is None or known.revision > past.later.get(uuid, -1):
            what = "was removed" if known is None else "has changed"
            name = uuid if known is None else repr(state.names.name_of(uuid))
            raise changed_since(f"the object {name} {what} since")
    for uuid in past.removed.keys() - set(past.added):
        if uuid in state.known:
            raise changed_since(f"there is an object with the UUID {uuid} again")
    renamed = past.names.keys() | set(past.added)
    for name in past.names.values():
        holder = state.names.uuid_of(name)
        if holder is not None and holder not in renamed:
            raise changed_since(f"the name {name!r:.80} is used by the object {holder}")


def changed_since(detail: str) -> ProtocolError:
    """Return the error of a transaction that cannot be taken back."""
    return ProtocolError(409, "changed", f"it cannot be undone: {detail}", names={})
