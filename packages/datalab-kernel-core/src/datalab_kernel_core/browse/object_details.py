"""The object that a panel shows below its rows: a picture and some properties."""

from __future__ import annotations

from collections.abc import Iterator

from datalab_kernel_core.browse.pictures import Pictures
from datalab_kernel_core.display.short_text import UNIT_LENGTH, count, shorten, size
from datalab_kernel_core.in_page.channel import Reply
from datalab_workspace.model.description import Preview, size_text
from datalab_workspace.model.units import with_unit
from datalab_workspace.operations.object_list import Outline


def object_details(uuid: str, outline: Outline, pictures: Pictures) -> Reply:
    """Return the picture and the properties of an object.

    Raises:
        LookupError: The object no longer exists.
    """
    preview = outline.previews([uuid]).get(uuid)
    if preview is None:
        raise LookupError("this object is gone")
    picture = pictures.large(uuid)
    content = {
        "uuid": uuid,
        "name": shorten(preview.name, 500),
        "facts": [*_facts(preview)],
        "picture": picture and [picture.width, picture.height],
    }
    return Reply(content, [] if picture is None else [picture.png])


def _facts(preview: Preview) -> Iterator[tuple[str, str]]:
    summary = preview.summary
    form = size_text(summary.shape)
    dtype = "" if summary.dtype is None else f" {summary.dtype}"
    yield summary.kind, f"{form}{dtype}, {size(summary.nbytes)}"
    if summary.title != preview.name:
        yield "title", shorten(summary.title)
    for axis in "xyz":
        label = shorten(summary.labels.get(f"{axis}label"))
        unit = shorten(summary.labels.get(f"{axis}unit"), UNIT_LENGTH)
        if text := with_unit(label, unit):
            yield axis, text
    if summary.roi_count:
        yield "regions", str(summary.roi_count)
    if summary.result_count:
        yield "results", count(summary.result_count, "result")
