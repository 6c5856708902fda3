"""The view that `plotter.explore` returns, which a browser makes interactive."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from datalab_kernel_core.display.kept import LastShown
from datalab_kernel_core.display.png import with_text
from datalab_kernel_core.explore.callbacks import Callback, Callbacks
from datalab_kernel_core.explore.image_source import ImageSource
from datalab_kernel_core.explore.messages import DataSource, ViewRequest
from datalab_kernel_core.explore.overlay import REQUESTS, Overlay
from datalab_kernel_core.explore.selected import Selected
from datalab_kernel_core.explore.signal_source import SignalSource
from datalab_kernel_core.in_page.channel import (
    Channel,
    Reply,
    open_soon,
    widget_class,
)
from datalab_kernel_core.plotter.drawing import Drawing, build_drawing
from datalab_kernel_core.plotter.image_builder import build_image_drawings
from datalab_kernel_core.plotter.images_drawing import ImagesDrawing
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.plot import Plot
from datalab_kernel_core.plotter.plot_input import PlotItem

if TYPE_CHECKING:
    from sigima.objects import ImageROI, SignalROI

    from datalab_workspace import Workspace

#: The number of bytes at the beginning of a picture, its header and id, that identify
#: it.
_UNIQUE = 84
_shown: LastShown[View] = LastShown()


class View:
    """An interactive view of a signal or an image.

    The notebook file contains a picture. A front end replaces the picture by the
    interactive view while the kernel that made it is running.

    Args:
        item: The object. It is not copied.
        name: The object's name, for the repr.
        options: The options that `Plotter.explore` accepts.
        workspace: The workspace that contains the object, None if none does.
        edit_roi: See `Plotter.explore`.
        offer_drawing: Whether the view has a button that switches `edit_roi` on.

    Raises:
        ImportError: anywidget is not installed.

    Example:
        >>> view = plotter.explore("spot")
        >>> view
        <View of 'spot'>
    """

    def __init__(
        self,
        item: PlotItem,
        name: str,
        options: Options | None = None,
        *,
        workspace: Workspace | None = None,
        edit_roi: bool = False,
        offer_drawing: bool = False,
    ) -> None:
        options = options or Options()
        self._name = name
        self._callbacks = Callbacks()
        self._widget: Any = None
        self._channel: Channel | None = None
        self._closed = False
        self._widget_class = widget_class(
            "datalab_kernel_core.explore.widget", "ViewWidget", "explore()"
        )
        self._options, self._version = options, 0
        self._take(item, with_picture=True)
        self._overlay = Overlay(item, workspace, edits=edit_roi, offers=offer_drawing)

    @property
    def roi(self) -> SignalROI | ImageROI | None:
        """The regions of interest that the view shows, None without any.

        Example:
            >>> plotter.explore("spot").roi is None
            True
        """
        return self._overlay.roi

    @property
    def selection(self) -> Selected | None:
        """The region, point or line that is selected in the view, None without one.

        Example:
            >>> plotter.explore("spot").selection is None
            True
        """
        return self._overlay.selection

    def on_change(self, callback: Callable[[View], object]) -> Callback:
        """Call a function whenever the shapes of the view or its selection change.

        It does not matter who changes the regions: the user of the view, a cell, or
        DataLab's user.

        Args:
            callback: A function of one argument, the view. An error in it is logged and
                affects nothing else.

        Returns:
            A handle; its ``cancel()`` ends the calls.

        Example:
            >>> view = plotter.explore("spot", edit_roi=True)
            >>> handle = view.on_change(lambda view: print(view.roi))
        """
        return self._callbacks.add(callback)

    def close(self) -> None:
        """Close the interactive view; only the picture remains.

        Example:
            >>> plotter.explore("spot").close()
        """
        self._closed = True
        self._overlay.close()
        if self._channel is not None:
            self._channel.close()
            self._channel = self._widget = None

    def __repr__(self) -> str:
        return f"<View of {self._name}>"

    def _repr_png_(self) -> bytes:
        if self._channel is None:
            item = self._overlay.renewed()
            if item is not None:
                self._take(item, with_picture=True)
            self._closed = False
            open_soon(self._open)
        return self._png

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], ...]:
        png = self._repr_png_()  # first: it may make the picture again
        alternative = {"image/png": {"alt": self._alternative}}
        return {"image/png": png, "text/plain": repr(self)}, alternative

    def _take(self, item: PlotItem, *, with_picture: bool) -> None:
        """Use an object as the data of the view, and of its picture."""
        self._source: DataSource
        if item.samples is not None:
            drawing = build_drawing([item], self._options) if with_picture else None
            self._source = SignalSource(
                item.record, item.samples, options=self._options
            )
        else:
            (image,) = build_image_drawings(item, self._options)
            drawing = Drawing([ImagesDrawing([image])])
            self._source = ImageSource(item.record, image, self._options)
        if with_picture:
            assert drawing is not None
            plot = Plot(drawing, self._name)
            self._png = with_text(plot._repr_png_(), "datalab-view", uuid4().hex)
            self._alternative = repr(plot)

    def _about(self) -> dict[str, Any]:
        return {**self._source.about(), "version": self._version}

    def _open(self) -> None:
        if self._channel is not None or self._closed:
            return  # it is open, or was closed in the meantime
        item = self._overlay.renewed()
        if item is not None:
            self._take(item, with_picture=False)
        picture = b64encode(self._png[:_UNIQUE]).decode()
        self._widget = self._widget_class(
            picture=picture, about=self._about(), overlay=self._overlay.state()
        )
        self._channel = Channel(self._widget, self._reply)
        self._overlay.open(self._report)
        _shown.keep(self)

    def _report(self) -> None:
        """Send the shapes to the page, and call the functions that want to know."""
        if self._widget is not None:
            item = self._overlay.renewed()
            if item is not None:
                self._take(item, with_picture=False)
                self._version += 1
                self._widget.about = self._about()
            self._widget.overlay = self._overlay.state()
        self._callbacks.call(self)

    def _reply(self, content: Mapping[str, Any]) -> Reply:
        asked = content["ask"]
        if asked == "view":
            return self._source.view(ViewRequest.of(content))
        if asked == "value":
            log = bool(content["log"][0]), bool(content["log"][1])
            return self._source.value(float(content["x"]), float(content["y"]), log)
        if asked in REQUESTS:
            return REQUESTS[asked](self._overlay, content)
        raise ValueError(f"expected a request of the view, got {asked!r:.40}")
