"""Find objects by their numbers, as a backend does for short ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from datalab_workspace.model.naming import Titled
from datalab_workspace.model.record import Kind


def numbering(things: Sequence[Titled]) -> Callable[[Kind, int], str | None]:
    """Return a function like `Backend.uuid_at` for some things, in their order."""

    def uuid_at(kind: Kind, number: int) -> str | None:
        uuids = [thing.uuid for thing in things if thing.kind == kind]
        return uuids[number - 1] if 0 < number <= len(uuids) else None

    return uuid_at
