"""Convert the objects of a workspace to those of other libraries."""

from __future__ import annotations

from typing import Any, Literal

from datalab_workspace.model.name_lists import NamesOf, listed
from datalab_workspace.operations import listing
from datalab_workspace.progress import Progress
from datalab_workspace.session import Session


def convert(
    session: Session,
    names: NamesOf | None,
    method: Literal["to_pandas", "to_xarray"],
) -> Any:
    """See `Workspace.to_pandas` and `Workspace.to_xarray`."""
    if isinstance(names, str):
        return getattr(listing.get_record(session, names, data=True), method)()
    if names is None:
        names = listing.list_objects(session, None, None, None)
    chosen = listed(names)
    converted = {}
    with Progress("converting objects", len(chosen)) as progress:
        for name in chosen:
            record = listing.get_record(session, name, data=True)
            converted[name] = getattr(record, method)()
            progress.advance(1)
    return converted
