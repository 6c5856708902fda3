"""The panel that `workspace.browse` returns, which a page makes interactive."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from datalab_kernel_core.browse.actions import carry_out, objects_of
from datalab_kernel_core.browse.messages import RowsRequest
from datalab_kernel_core.browse.object_details import object_details
from datalab_kernel_core.browse.picture_stamps import PictureStamps
from datalab_kernel_core.browse.pictures import Pictures
from datalab_kernel_core.browse.rows import Rows
from datalab_kernel_core.browse.saved_picture import MOST_ROWS, SavedPicture, heading
from datalab_kernel_core.display.kept import LastShown
from datalab_kernel_core.display.thumbnails import Budget
from datalab_kernel_core.display.workspace_html import workspace_text
from datalab_kernel_core.in_page.channel import (
    Channel,
    Reply,
    open_soon,
    widget_class,
)
from datalab_kernel_core.plotter.pace import Pace
from datalab_workspace.events import ChangeEvent

if TYPE_CHECKING:
    from datalab_kernel_core.explore.view import View
    from datalab_workspace import Workspace
    from datalab_workspace.operations.object_list import Outline

#: The panel sends changes to the views that asked last, at most this many.
_MOST_VIEWS = 4
_shown: LastShown[Panel] = LastShown()


class Panel:
    """A panel that shows the objects of a workspace, and changes them.

    The notebook file contains a picture. A front end replaces the picture by the panel
    while the kernel that made it is running.

    Args:
        workspace: The workspace.
        outline: Its objects, as they were last seen.

    Raises:
        ImportError: anywidget is not installed.

    Example:
        >>> panel = workspace.browse()
        >>> panel
        <Panel of <Workspace standalone: 2 signals, 1 image>>
    """

    def __init__(self, workspace: Workspace, outline: Outline) -> None:
        self._widget_class = widget_class(
            "datalab_kernel_core.browse.widget", "PanelWidget", "browse()"
        )
        self._workspace = workspace
        self._outline = outline
        self._stamps = PictureStamps()
        self._rows = Rows(outline, self._stamps)
        self._pictures = Pictures(workspace, outline)
        self._mark = f"datalab-browse-{uuid4().hex}"
        self._channel: Channel | None = None
        self._pace: Pace | None = None
        self._explored: View | None = None
        self._views: OrderedDict[str, RowsRequest] = OrderedDict()
        self._subscription = workspace.on_change(self._follow, selection=True)

    def close(self) -> None:
        """Close the panel; only the picture remains.

        Example:
            >>> workspace.browse().close()
        """
        self._subscription.cancel()
        if self._explored is not None:
            self._explored.close()
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        _shown.release(self)

    def __repr__(self) -> str:
        return f"<Panel of {self._workspace!r}>"

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        if self._channel is None and self._subscription.active:
            open_soon(self._open)
        picture = self._saved_picture().element()
        return {
            "text/html": f'<div class="{self._mark}">{picture}</div>',
            "text/plain": workspace_text(self._workspace, MOST_ROWS),
        }

    def _saved_picture(self) -> SavedPicture:
        """Return the picture for the notebook file; no file or DataLab is read."""
        window = self._rows.window(RowsRequest(count=MOST_ROWS))
        uuids = [row["key"] for row in window["rows"] if row["level"] == 2]
        budget = Budget()
        made = {
            uuid: budget.picture(preview.record)
            for uuid, preview in self._outline.previews(uuids).items()
        }
        return SavedPicture(
            heading(window["objects"]),
            window["rows"],
            window["total"] - len(window["rows"]),
            {uuid: picture for uuid, picture in made.items() if picture is not None},
        )

    def _open(self) -> None:
        if self._channel is not None or not self._subscription.active:
            return  # it is open, or was closed in the meantime
        widget = self._widget_class(mark=self._mark)
        self._channel = Channel(widget, self._answer)
        self._pace = Pace(self._push)
        _shown.keep(self)

    # -- changes ----------------------------------------------------------------------

    def _follow(self, event: ChangeEvent) -> None:
        """Note a change of the workspace; called in any thread."""
        self._stamps.follow(event)
        self._rows.outdate()
        if self._pace is not None:
            self._pace.request()

    def _push(self) -> None:
        """Send the rows that have changed to the views that show them."""
        for view, request in list(self._views.items()):
            if self._channel is not None:
                content = {"ask": "changes", "view": view}
                self._channel.send({**content, **self._window(request)})

    def _window(self, request: RowsRequest) -> dict[str, Any]:
        """Return the rows on the screen, and what the menu can do with them."""
        abilities = self._workspace.capabilities
        return {
            **self._rows.window(request),
            "abilities": {
                "undo": abilities.undo,
                "window": abilities.window,
                "groups": abilities.edits_groups,
            },
        }

    # -- requests ---------------------------------------------------------------------

    def _answer(self, content: Mapping[str, Any]) -> Reply:
        asked = content["ask"]
        if asked == "rows":
            return self._answer_rows(content)
        if asked == "pictures":
            return self._pictures.thumbnails(objects_of(content))
        if asked == "detail":
            return object_details(str(content["uuid"]), self._outline, self._pictures)
        if asked == "explore":
            return self._explore(str(content["uuid"]))
        if asked == "keys":
            ends = content.get("ends")
            request = RowsRequest.of(content)
            return Reply({"keys": self._rows.keys(request, ends and tuple(ends))})
        if asked == "act":
            action, group = str(content["action"]), content.get("members")
            uuids = (
                self._rows.members(str(group))
                if group
                else self._rows.present(objects_of(content))
            )
            return Reply({"done": carry_out(self._workspace, action, content, uuids)})
        raise ValueError(f"expected a request of the panel, got {asked!r:.40}")

    def _answer_rows(self, content: Mapping[str, Any]) -> Reply:
        request = RowsRequest.of(content)
        view = str(content["view"])
        self._views[view] = request
        self._views.move_to_end(view)
        while len(self._views) > _MOST_VIEWS:
            self._views.popitem(last=False)
        return Reply(self._window(request))

    def _explore(self, uuid: str) -> Reply:
        """Open an interactive view, whose picture the page replaces by itself."""
        from datalab_kernel_core.explore.view import View
        from datalab_kernel_core.plotter.plot_input import plot_item

        item = plot_item(uuid, self._workspace.record)
        name = repr(self._outline.previews([uuid])[uuid].name)
        view = View(item, name, workspace=self._workspace, offer_drawing=True)
        picture = view._repr_png_()
        if self._explored is not None:
            self._explored.close()
        self._explored = view
        return Reply({"uuid": uuid, "alternative": repr(view)}, [picture])
