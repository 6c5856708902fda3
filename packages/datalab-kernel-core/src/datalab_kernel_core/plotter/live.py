"""A plot that is drawn again whenever its object changes."""

from __future__ import annotations

import logging
import sys
import threading
from base64 import b64encode
from html import escape
from types import TracebackType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.kept import LastShown
from datalab_kernel_core.display.png import image_element
from datalab_kernel_core.plotter.formats import current_shell
from datalab_kernel_core.plotter.make_plot import make_plot
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.pace import Pace
from datalab_kernel_core.plotter.plot import Plot
from datalab_workspace.errors import ObjectNotFoundError
from datalab_workspace.events import ChangeEvent
from datalab_workspace.subscriptions import Subscription

if TYPE_CHECKING:
    from datalab_workspace import Workspace

_SIDES = ("width", "height")
_shown: LastShown[LivePlot] = LastShown()


class LivePlot:
    """A plot of an object in a workspace, drawn again whenever the object changes.

    A notebook updates the picture where it shows it. In an IPython without a front
    end, the plot is drawn again when it is next shown.

    It is a context manager, which stops at its end. It also stops when the object is
    removed, and when the notebook no longer refers to the plot. The last eight plots
    that a notebook shows need no reference.

    Args:
        workspace: The workspace.
        name: The name, UUID or short id of the object.
        options: The options of the picture.

    Raises:
        KeyError: No object has this name.
        TypeError: An option does not apply to the object.

    Example:
        >>> with plotter.live("peak") as live:
        ...     workspace.rename("peak", "line")
        'line'
        >>> live
        <LivePlot of 'line': ...>
    """

    def __init__(self, workspace: Workspace, name: str, options: Options) -> None:
        described = workspace.describe(name)
        self._workspace = workspace
        self._uuid, self._name = described.uuid, described.name
        self._options = options
        self._lock = threading.RLock()
        self._outdated = self._removed = False
        self._caption = ""
        self._display_id: str | None = None
        self._pace: Pace | None = None
        self._subscription: Subscription | None = workspace.on_change(self._follow)
        try:
            self._plot = self._drawn()
        except BaseException:
            self._subscription.cancel()
            raise

    @property
    def active(self) -> bool:
        """True while the plot follows its object.

        Example:
            >>> live = plotter.live("peak")
            >>> workspace.remove("peak")
            >>> live.active
            False
        """
        return self._subscription is not None and self._subscription.active

    @property
    def plot(self) -> Plot:
        """The present picture, as `Plotter.plot` returns it.

        Example:
            >>> plotter.live("peak").plot.save("peak.png").name
            'peak.png'
        """
        if self._display_id is None:
            self._refresh()
        return self._plot

    def stop(self) -> None:
        """Stop following the object; the last picture stays.

        Example:
            >>> live = plotter.live("peak")
            >>> live.stop()
            >>> live.active
            False
        """
        if self._subscription is not None:
            self._subscription.cancel()
        _shown.release(self)
        self._update()  # a drawing may still wait

    def __enter__(self) -> LivePlot:  # noqa: PYI034 (Self needs Python 3.11)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # -- changes ----------------------------------------------------------------------

    def _follow(self, event: ChangeEvent) -> None:
        """Note a change of the object, and request a drawing; called in any thread."""
        concerned = event.kind in ("attached", "detached")
        for change in event.changes:
            if change.uuid == self._uuid:
                concerned = True
                self._removed = change.after is None
                self._name = change.after or self._name
        if not concerned:
            return
        if self._removed:
            self._look_for_successor(event)
        self._outdated = True
        if self._removed and self._subscription is not None:
            self._subscription.cancel()
        if self._pace is not None:
            self._pace.request()

    def _look_for_successor(self, event: ChangeEvent) -> None:
        """Follow the object under its new UUID, which a new DataLab may give it."""
        for change in event.changes:
            if change.before is None and change.after == self._name:
                self._uuid, self._removed = change.uuid, False

    def _update(self) -> None:
        """Draw the plot again if it has changed, where the notebook shows it."""
        if self._refresh() and self._display_id is not None:
            self._publish(update=True)

    def _refresh(self) -> bool:
        """Draw the plot again if it has changed; return whether it has."""
        with self._lock:
            if not self._outdated:
                return False
            # A change during the drawing makes the new picture outdated, too.
            self._outdated = False
            try:
                self._caption = "" if self._redraw() else self._farewell()
            except Exception as error:
                logging.getLogger(__name__).exception("cannot draw %r", self._name)
                self._caption = (
                    f"{self._name!r:.80} cannot be drawn again, and this is its last "
                    f"picture; {type(error).__name__}: {error!s:.500}"
                )
            except BaseException:  # an interrupt: the next change draws it
                self._outdated = True
                raise
            return True

    def _redraw(self) -> bool:
        """Draw the plot again; return False if the object was removed."""
        if not self._removed:
            try:
                self._plot = self._drawn()
            except ObjectNotFoundError:  # its event is still to come
                self._removed = True
        return not self._removed

    def _farewell(self) -> str:
        return f"{self._name!r:.80} was removed; this is its last picture"

    def _drawn(self) -> Plot:
        find = self._workspace.record
        return make_plot(self._uuid, self._options, find, name=repr(self._name))

    # -- display ----------------------------------------------------------------------

    def __repr__(self) -> str:
        described = repr(self.plot).removeprefix("<Plot").removesuffix(">")
        caption = f"; {self._caption}" if self._caption else ""
        return f"<LivePlot{described}{caption}>"

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], ...]:
        """Return the picture; with tables or a caption, also HTML that has all.

        Front ends prefer HTML to PNG, and documents without HTML have the picture.
        """
        data, metadata = self.plot.mime_data()
        text = repr(self)
        data["text/plain"] = metadata["image/png"]["alt"] = text
        below = [table._repr_html_() for table in self._plot.tables]
        if self._caption:
            below.append(markup.paragraph(escape(self._caption)))
        if below:
            width, height = (metadata["image/png"][side] for side in _SIDES)
            picture = image_element(data["image/png"], width, height, escape(text))
            data["text/html"] = markup.page(picture, *below)
        return data, metadata

    def _ipython_display_(self) -> None:
        """Show the plot so that later changes can replace it.

        Raises:
            NotImplementedError: Nothing shown can be replaced; IPython then shows the
                plot as it shows any object.
        """
        if not _can_update():
            raise NotImplementedError
        if self._display_id is None:
            self._display_id = uuid4().hex
            self._pace = Pace(self._update)
        if self.active:
            _shown.keep(self)
        self._refresh()
        self._publish(update=False)

    def _publish(self, *, update: bool) -> None:
        from IPython import display

        data, metadata = self._repr_mimebundle_()
        data["image/png"] = b64encode(data["image/png"]).decode("ascii")
        show: Any = display.display
        show(
            data,
            metadata=metadata,
            raw=True,
            display_id=self._display_id,
            **({"update": True} if update else {}),
        )


def _can_update() -> bool:
    """Return whether the shell can replace what it has shown, as kernels can."""
    shell = current_shell()
    if shell is None:
        return False
    plain = sys.modules["IPython.core.displaypub"].DisplayPublisher
    return type(shell.display_pub) is not plain
