"""The calls of a workspace that concern its groups."""

from __future__ import annotations

from datalab_workspace.model.description import GroupList
from datalab_workspace.model.name_lists import NamesOf
from datalab_workspace.model.record import Kind
from datalab_workspace.operations import edit, listing
from datalab_workspace.session import Session
from datalab_workspace.validation import suggest_on_typo


class GroupCalls:
    """The calls of a workspace that list groups and change them."""

    _session: Session

    @suggest_on_typo
    def groups(self, kind: Kind | None = None) -> GroupList:
        """Return the groups in order, those of signals first.

        Args:
            kind: "signal" or "image", to return only the groups of that panel.

        Example:
            >>> [group.names for group in workspace.groups("signal")]
            [('peak', 'noisy')]
        """
        return listing.list_groups(self._session, kind)

    @suggest_on_typo
    def move(self, names: NamesOf, group: str) -> None:
        """Move objects to the end of a group of their panel.

        Args:
            names: One name, UUID or short id, or several.
            group: Title of the group, which is created at the end of the panel if it
                does not exist.

        Raises:
            KeyError: There is no such object; nothing is moved.
            NotSupportedByProtocolError: DataLab has no companion.

        Example:
            >>> workspace.move("noisy", "raw")
            >>> workspace.groups("signal")[-1].names
            ('noisy',)
        """
        edit.move(self._session, names, group)

    @suggest_on_typo
    def rename_group(
        self, group: str, new_title: str, *, kind: Kind | None = None
    ) -> None:
        """Give a group another title.

        Args:
            group: Its title.
            new_title: The title that it gets.
            kind: Its panel, "signal" or "image"; by default the one that has it.

        Raises:
            KeyError: There is no such group.
            ValueError: Both panels have one and `kind` is not given, or another group
                has the new title.
            NotSupportedByProtocolError: DataLab has no companion.

        Example:
            >>> workspace.move("noisy", "raw")
            >>> workspace.rename_group("raw", "measured")
            >>> workspace.groups("signal")[-1].title
            'measured'
        """
        edit.rename_group(self._session, group, new_title, kind)
