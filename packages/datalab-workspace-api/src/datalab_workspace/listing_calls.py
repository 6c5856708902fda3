"""The calls of a workspace that list and describe its objects."""

from __future__ import annotations

from typing import TypeAlias, overload

from datalab_workspace.model.description import Description, Listing, Preview
from datalab_workspace.model.record import Kind
from datalab_workspace.operations import listing
from datalab_workspace.operations.mapping import Names, NamesToGet
from datalab_workspace.session import Session
from datalab_workspace.validation import suggest_on_typo

# Within the class, `list` is its method.
Previews: TypeAlias = "list[Preview]"


class ListingCalls:
    """The calls of a workspace that report its objects."""

    _session: Session

    @suggest_on_typo
    def list(
        self,
        kind: Kind | None = None,
        pattern: str | None = None,
        group: str | None = None,
    ) -> Names:
        """Return the names of all objects, or of those that match.

        Args:
            kind: "signal" or "image".
            pattern: A shell pattern for the name, such as ``"fft*"``; it is
                case-sensitive.
            group: Title of a group.

        Returns:
            Names in the order of DataLab's panels, signals before images.

        Raises:
            ValueError: `kind` is not one of these.

        Example:
            >>> workspace.list("signal")
            ['peak', 'noisy']
        """
        return listing.list_objects(self._session, kind, pattern, group)

    @suggest_on_typo
    def exists(self, name: str) -> bool:
        """Return whether there is an object with this name, UUID or short id.

        This is also true of a name that raises a `ReusedNameError`.

        Example:
            >>> workspace.exists("peak")
            True
        """
        return listing.exists(self._session, name)

    @overload
    def describe(self, name: None = None) -> Listing: ...
    @overload
    def describe(self, name: str) -> Description: ...
    @overload
    def describe(self, name: NamesToGet) -> Listing: ...
    @suggest_on_typo
    def describe(self, name: str | NamesToGet | None = None) -> Description | Listing:
        """Describe one object or several, without reading arrays from a file.

        Args:
            name: The object; a list of objects, as `calc` returns it; or None for all
                objects.

        Returns:
            A `Description` of one object. For several, a `Listing` of them: in the
            order of `list`, or in that of the names.

        Raises:
            KeyError: There is no such object.

        Example:
            >>> workspace.describe("peak").short_id
            's001'
        """
        return listing.describe(self._session, name)

    @suggest_on_typo
    def preview(self, most: int = 100) -> tuple[int, Previews]:
        """Return a quick overview, without reading a file or asking a running DataLab.

        It is meant for showing a workspace, which must neither take long nor fail. For
        objects in DataLab it returns the result of the last look; it looks only if
        there was no look yet, and never fetches data.

        Args:
            most: Number of objects to return. If there are more, the first and the last
                ones are returned.

        Returns:
            The number of all objects, and a `Preview` of each of those.

        Raises:
            LiveError: Nothing is known yet, and DataLab does not answer.

        Example:
            >>> count, previews = workspace.preview(most=10)
            >>> count, previews[0].name
            (3, 'peak')
        """
        return listing.preview(self._session, most)
