"""Draw signals and images as a plot with its tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from datalab_kernel_core.plotter.drawing import build_drawing
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.plot import Plot
from datalab_kernel_core.plotter.plot_input import PlotItem, plot_items
from datalab_kernel_core.plotter.replot import Replot
from datalab_kernel_core.plotter.results import table_results
from datalab_kernel_core.plotter.tables import ResultTable
from datalab_workspace.model.record import Record
from datalab_workspace.runtime import require


def make_plot(
    what: Any,
    options: Options,
    find: Callable[[str], Record],
    *,
    name: str | None = None,
    ax: Any = None,
) -> Plot:
    """Draw signals and images.

    Args:
        what: The argument of `Plotter.plot`.
        options: The options of the picture.
        find: Returns the record that has a name.
        name: What the picture shows, for its repr; by default the names in `what`.
        ax: The axes to draw on, or a list of them, instead of a new figure.

    Raises:
        KeyError: No object has one of the names.
        TypeError: Something cannot be drawn, or an option does not apply to a signal.
        ValueError: See `plot_items` and `build_drawing`.
    """
    items = plot_items(what, options.titles, find)
    _check_fits(items, options)
    if ax is not None:
        require("matplotlib", "ax=")
        from datalab_kernel_core.plotter.plot_on_axes import PlotOnAxes, checked_axes

        axes = checked_axes(ax, options)
    drawing, tables = build_drawing(items, options), _tables(items, options)
    if ax is not None:
        return PlotOnAxes(drawing, name or names_in(what, items), tables, axes)
    replot = None
    if not isinstance(what, list) and options.complex_as is None:
        replot = Replot(what, find)
    return Plot(drawing, name or names_in(what, items), tables, replot)


def names_in(what: Any, items: list[PlotItem]) -> str:
    """Return the names of plotted objects, for a repr."""
    if isinstance(what, str):
        return repr(what)
    names = [repr(item.title or item.record.kind) for item in items[:3]]
    return ", ".join(names) + ", …" * (len(items) > 3)


def check_view(item: PlotItem, options: Options) -> None:
    """Check that the options of an interactive view apply to its object.

    Raises:
        TypeError: An option that was given applies only to the other kind of object.
    """
    _check_fits([item], options)
    for name in ("xlog", "ylog"):
        value = getattr(options, name)
        if value == "symlog":
            raise TypeError(f"expected True, False or None for {name}, got 'symlog'")
        if value is not None and item.record.kind == "image":
            raise TypeError(f"{name} applies only to signals in explore()")


def check_edits(what: Any, *, edit_roi: bool) -> None:
    """Check that an interactive view can change the regions of its object.

    Raises:
        TypeError: `edit_roi` is not a flag.
        ValueError: The object is not in the workspace.
    """
    if not isinstance(edit_roi, bool):
        raise TypeError(f"expected True or False for edit_roi, got {edit_roi!r:.60}")
    if edit_roi and not isinstance(what, str):
        raise ValueError(
            "edit_roi=True changes an object of the workspace, got a value of type "
            f"{type(what).__name__}; add() it to the workspace and pass its name"
        )


def _check_fits(items: list[PlotItem], options: Options) -> None:
    unused = options.only_for_images()
    if unused and all(item.record.kind == "signal" for item in items):
        names = ", ".join(repr(item.title or "signal") for item in items[:3])
        are = "is a signal" if len(items) == 1 else "are signals"
        apply = "applies" if len(unused) == 1 else "apply"
        raise TypeError(f"{', '.join(unused)} {apply} only to images; {names} {are}")


def _tables(items: list[PlotItem], options: Options) -> list[ResultTable]:
    own = isinstance(options.results, bool)
    return [
        ResultTable(
            result,
            f"{item.title}: {result.title}"
            if own and item.title and len(items) > 1
            else None,
            record=item.record,
        )
        # Results that the caller passed belong to the picture, not to each object.
        for item in (items if own else items[:1])
        for result in table_results(item.record, options.results)
    ]
