"""The part of a backend by which a call is carried out as a whole, and undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datalab_workspace.backends.base import Backend


class Transactions:
    """The transactions of a backend; one that has none leaves this as it is.

    The workspace then takes back what a call has written if the call fails.
    """

    #: Whether the writes between `begin` and `commit` are carried out all or not at
    #: all. Otherwise the workspace takes back what it has written when a call fails.
    transactional = False
    #: Whether an operation may begin with the objects as they are known, without a
    #: look: requests report changes, and `commit` fails if the names that the operation
    #: has used mean other objects now.
    optimistic = False

    @property
    def is_writing(self) -> bool:
        """Whether some of the writes since `begin` were carried out in this process."""
        return False

    def begin(self) -> None:
        """Begin a transaction."""

    def commit(self, names: Mapping[str, str]) -> Sequence[Any]:  # noqa: ARG002
        """Carry out the writes since `begin` that were not carried out yet.

        Args:
            names: The names that the transaction has used, with the UUIDs that they
                must still have.

        Returns:
            Tickets by which `undo` takes the writes back, in order.

        Raises:
            ConcurrentChangeError: A name has another UUID now; nothing was done.
        """
        return ()

    def abandon(self) -> None:
        """Take back the writes since `begin`."""

    def undo(self, tickets: Sequence[Any]) -> None:
        """Take back a transaction.

        Args:
            tickets: What `commit` returned.

        Raises:
            ConcurrentChangeError: Something in it was changed since; nothing was done.
            NotImplementedError: The backend does not declare ``undo``.
        """
        raise NotImplementedError(f"{len(tickets)} changes cannot be undone")

    def independent_copy(self) -> Backend | None:
        """Return a backend that holds the same objects and shares no state with this.

        Copies and pickles of the workspace hold it, so that this one can change in the
        meantime. The data of the objects, which nothing changes, may be
        shared. The default, None, is for a backend whose objects are elsewhere.
        """
        return None

    def give_names(self, names: Mapping[str, str]) -> None:
        """Take note of the names, by UUID, of objects that will be added."""
