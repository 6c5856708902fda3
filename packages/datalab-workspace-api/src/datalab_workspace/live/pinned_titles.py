"""Titles that were given here, which DataLab rewrites where they hold short ids."""

# The defect is reported in docs/upstream/datalab_titles.md.

from __future__ import annotations

from datalab_workspace.live.catalogue import Catalogue, may_be_rewritten


class PinnedTitles:
    """The titles that objects were given by this program."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._at_risk: set[str] = set()

    def give(self, uuid: str, title: str) -> None:
        """Remember the title that an object is given."""
        self.forget(uuid)
        self._titles[uuid] = title
        if may_be_rewritten(title):
            self._at_risk.add(uuid)

    def has(self, uuid: str) -> bool:
        """Tell whether an object was given a title."""
        return uuid in self._titles

    def forget(self, uuid: str) -> None:
        """Forget the title of an object, if it was given one."""
        self._at_risk.discard(uuid)
        self._titles.pop(uuid, None)

    def are_at_risk(self) -> bool:
        """Tell whether DataLab may rewrite one when objects come and go."""
        return bool(self._at_risk)

    def rewritten(self, before: Catalogue, after: Catalogue) -> dict[str, str]:
        """Return the titles that are to be put back, by UUID.

        One that its user changed in DataLab's window is left as it is.

        Args:
            before: What there was before a change of ours.
            after: What there is after it.
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
