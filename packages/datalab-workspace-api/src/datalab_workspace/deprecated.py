"""The calls of datalab-kernel 0.2 that still work and raise a DeprecationWarning.

`validation.old_arguments` accepts old names of arguments, and `model.status_as_dict`
lets the status be read like a dict.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from datalab_workspace.errors import LiveUnavailableError
from datalab_workspace.validation import one_of, warn_of_old

if TYPE_CHECKING:
    from datalab_workspace.connection_calls import ConnectionCalls
    from datalab_workspace.model.record import Kind
    from datalab_workspace.session import Session


def in_one_panel(
    session: Session, names: str | Iterable[str], panel: Kind | None
) -> tuple[list[str], Kind]:
    """Return the names of objects of one panel, and that panel.

    Args:
        session: The session.
        names: The objects: one name, UUID or short id, or several.
        panel: The panel that must contain them; by default the one that does.

    Raises:
        KeyError: There is no such object.
        ValueError: The objects are not in one panel, or not in `panel`.
    """
    warn_of_old("select_objects()", "select()")
    if panel is not None:
        one_of(panel, "panel", ("signal", "image"))
    with session.transaction() as transaction:
        listed = [names] if isinstance(names, str) else names
        uuids = [transaction.uuid(name) for name in listed]
        chosen = [transaction.names.name_of(uuid) for uuid in uuids]
        for name, uuid in zip(chosen, uuids, strict=True):
            kind = transaction.backend.kind_of(uuid)
            panel = panel or kind
            if kind != panel:
                raise ValueError(
                    f"select_objects() selects in the {panel} panel, but {name!r:.80} "
                    f"is in the {kind} panel; use select(), which takes both"
                )
    return chosen, panel or "signal"


def go_live(workspace: ConnectionCalls) -> bool:
    """Connect a standalone workspace, as `resync` did.

    Returns:
        Whether a running DataLab was found.

    Raises:
        LiveError: DataLab does not answer, or refuses the token.
        NameConflictError: Different objects in DataLab have some of the names.
    """
    old, new, found = "resync() of a standalone workspace", "connect()", True
    try:
        workspace.connect()
    except LiveUnavailableError as error:
        new, found = f"connect(), which raises an error ({error}),", False
    warn_of_old(old, new)
    return found
