"""The titles that this program gave to objects, which DataLab may rewrite.

When objects come and go, DataLab rewrites every short id in every title. It also
rewrites those that only look like a short id.

Upstream: docs/upstream/datalab_titles.md
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager

from datalab_workspace.live.catalogue import (
    Catalogue,
    CatalogueEntry,
    may_be_rewritten,
)
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.routing import Router
from datalab_workspace.live.snapshot import Snapshot


class PinnedTitles:
    """The titles that this program gave and that must stay, by UUID."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._at_risk: set[str] = set()

    def pin(self, uuid: str, title: str) -> None:
        """Remember the title that an object is given."""
        self.forget(uuid)
        self._titles[uuid] = title
        if may_be_rewritten(title):
            self._at_risk.add(uuid)

    def has(self, uuid: str) -> bool:
        """Return whether the title of an object is pinned."""
        return uuid in self._titles

    def forget(self, uuid: str) -> None:
        """Forget the title of an object, if it is pinned."""
        self._at_risk.discard(uuid)
        self._titles.pop(uuid, None)

    def are_at_risk(self) -> bool:
        """Return whether DataLab may rewrite a title when objects come and go."""
        return bool(self._at_risk)

    def rewritten(self, before: Catalogue, after: Catalogue) -> dict[str, str]:
        """Return the titles that must be restored, by UUID.

        A title that the user changed in DataLab's window stays as it is.

        Args:
            before: The objects before a change of this program.
            after: The objects after it.
        """
        found = {}
        for uuid in self._at_risk:
            title = self._titles[uuid]
            now, then = after.get(uuid), before.get(uuid)
            if now is None or now.title == title:
                continue
            if then is None or then.title == title:
                found[uuid] = title
        return found


class TitleKeeper:
    """The keeper of pinned titles, which restores them after each change made here.

    Args:
        connection: The clients.
        snapshot: The objects; it is read again if a change may affect others.
        router: Renames objects.
        pinned: The titles.
    """

    def __init__(
        self,
        connection: Connection,
        snapshot: Snapshot,
        router: Router,
        pinned: PinnedTitles,
    ) -> None:
        self._connection = connection
        self._snapshot = snapshot
        self._router = router
        self._pinned = pinned
        self._depth = 0

    @property
    def in_bulk(self) -> bool:
        """Whether titles are restored later, at the end of several changes."""
        return self._depth > 0

    def after_change(
        self,
        before: Catalogue,
        gone: Collection[str],
        new: CatalogueEntry | None,
        *,
        certain: bool,
    ) -> None:
        """Find out how a change affected other objects, and restore their titles.

        Args:
            before: The objects before it.
            gone: UUIDs of the objects that were removed.
            new: The object that was added.
            certain: The snapshot has every object at the right position.
        """
        if self.in_bulk:
            self._snapshot.stale |= not certain
        elif not certain or self._pinned.are_at_risk():
            self._restore(before, self.look(before, gone, new))

    def look(
        self, before: Catalogue, gone: Collection[str], new: CatalogueEntry | None
    ) -> Catalogue:
        """Return the objects after a change; see `after_change`."""
        web = self._connection.web
        if web is not None and self._connection.rpc is None:
            followed = before.follow(web.objects(), gone, new)
            if followed is not None:
                self._snapshot.catalogue = followed
                return followed
        return self._snapshot.refresh_now()

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Restore titles once, at the end of many changes; DataLab draws then, too."""
        with ExitStack() as stack:
            rpc = None if self._depth else self._connection.xmlrpc_if_alive()
            if rpc is not None:
                stack.enter_context(rpc.refresh_off())
            before = self._snapshot.catalogue
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            if not self._depth:
                self._restore(before, self._snapshot.refresh_now())

    def _restore(self, before: Catalogue, after: Catalogue) -> None:
        for uuid, title in self._pinned.rewritten(before, after).items():
            self._router.rename(self._snapshot.catalogue, uuid, title)
            self._snapshot.catalogue = self._snapshot.catalogue.retitled({uuid: title})
            self._snapshot.stale = True
