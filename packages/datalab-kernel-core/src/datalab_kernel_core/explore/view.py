"""`plotter.explore`: a picture that becomes interactive where a browser shows it."""

from __future__ import annotations

import weakref
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from datalab_kernel_core.display.png import with_text
from datalab_kernel_core.explore.curves import CurveSource
from datalab_kernel_core.explore.messages import Answer, Source, ViewRequest
from datalab_kernel_core.explore.pixels import PixelSource
from datalab_kernel_core.plotter.drawing import Drawing, drawing_of
from datalab_kernel_core.plotter.images import ImagesDrawing
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.pixels import image_drawings
from datalab_kernel_core.plotter.plot import Plot
from datalab_kernel_core.plotter.plot_input import PlotItem

#: Bytes at the beginning of a picture that no other one begins with: header and id.
_UNIQUE = 84
#: Views that stay interactive although nothing in the notebook holds them.
_KEPT = 8
#: What is sent back as it came, so that the front end knows what is answered.
_ECHOED = ("view", "ask", "number", "changed", "log")
_shown: deque[View] = deque(maxlen=_KEPT)


class View:
    """A signal or image to zoom in, to move about and to read values from.

    What a notebook holds of it is a picture. Where a front end shows that, and the
    kernel that made it is there, the picture is replaced by a view on the data.

    Args:
        subject: The object. It is not copied.
        name: What it is called.

    Raises:
        ImportError: anywidget is not installed.
    """

    def __init__(self, subject: PlotItem, name: str) -> None:
        self._name = name
        self._widget: Any = None
        self._widget_class = _widget_class()
        self._source: Source
        if subject.samples is not None:
            drawing = drawing_of([subject], Options())
            self._source = CurveSource(subject.record, subject.samples)
        else:
            (image,) = image_drawings(subject, Options())
            drawing = Drawing([ImagesDrawing([image])])
            self._source = PixelSource(subject.record, image)
        plot = Plot(drawing, name)
        self._png = with_text(plot._repr_png_(), "datalab-view", uuid4().hex)

    def close(self) -> None:
        """Leave only the picture."""
        if self._widget is not None:
            self._widget.close()
            self._widget = None

    def __repr__(self) -> str:
        return f"<View of {self._name}>"

    def _repr_png_(self) -> bytes:
        if self._widget is None:
            self._open()
        return self._png

    def _open(self) -> None:
        """Open the channel to the front end: only the kernel can do so."""
        picture = b64encode(self._png[:_UNIQUE]).decode()
        widget = self._widget_class(picture=picture, about=self._source.about())
        # The widget must not keep the data when nobody else does.
        handle = weakref.WeakMethod(self._handle)

        def on_message(_widget: Any, content: Any, _buffers: Any) -> None:
            method = handle()
            if method is not None:
                method(content)

        widget.on_msg(on_message)
        weakref.finalize(self, widget.close)
        self._widget = widget
        _shown.append(self)

    def _handle(self, content: Mapping[str, Any]) -> None:
        sender = {key: content.get(key) for key in _ECHOED}
        try:
            answer = self._answer(content)
        except Exception as error:  # noqa: BLE001  told where it can be seen
            message = str(error).strip() or "no message"
            answer = Answer({"error": f"{type(error).__name__}: {message}"})
        if self._widget is not None:
            self._widget.send({**sender, **answer.told}, answer.arrays)

    def _answer(self, content: Mapping[str, Any]) -> Answer:
        asked = content["ask"]
        if asked == "view":
            return self._source.view(ViewRequest.of(content))
        if asked == "value":
            log = bool(content["log"][0]), bool(content["log"][1])
            return self._source.value(float(content["x"]), float(content["y"]), log)
        raise ValueError(f"a view cannot be asked for {asked!r:.40}")


def _widget_class() -> Any:
    try:
        from datalab_kernel_core.explore.widget import ViewWidget
    except ModuleNotFoundError as error:
        if error.name not in ("anywidget", "ipywidgets"):
            raise
        raise ImportError(
            f"explore() needs {error.name}, which is not installed: "
            'pip install "datalab-kernel-core[interactive]", here and where Jupyter '
            "runs, and reload the page",
            name=error.name,
        ) from error
    return ViewWidget
