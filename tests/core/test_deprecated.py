"""The names of datalab-kernel 0.2, which still work and warn at the user's line."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sigima.objects import GeometryResult, KindShape, TableResult, create_signal
from sigima.objects.signal.roi import create_signal_roi

from datalab_kernel_core import Plotter
from datalab_kernel_core.plotter.style import ROI_COLOR

TABLE = TableResult("counts", headers=["a"], data=[[1.25]])
POINT = GeometryResult("found", KindShape.POINT, np.array([[1.0, 2.0]]))


def marked() -> Any:
    """A signal with a region of interest."""
    signal = create_signal("marked", np.arange(9.0), np.zeros(9))
    signal.roi = create_signal_roi([[2.0, 4.0]])
    return signal


@pytest.mark.parametrize(
    ("options", "new"),
    [({"show_roi": False}, "roi"), ({"show_results": False}, "results")],
)
def test_an_old_argument_warns_and_has_the_effect_of_the_new_one(
    plotter: Plotter, options: dict[str, bool], new: str
) -> None:
    (old,) = options
    with pytest.warns(
        DeprecationWarning,
        match=rf"{old}= of plot\(\) is deprecated; use {new}= instead",
    ) as warned:
        plot = plotter.plot(marked(), **options)

    assert [warning.filename for warning in warned] == [__file__]
    assert plot._repr_png_() == plotter.plot(marked(), **{new: False})._repr_png_()


def test_the_old_arguments_switch_shapes_off(draw) -> None:
    with pytest.warns(DeprecationWarning, match="show_roi"):
        assert draw(marked(), show_roi=False).count(ROI_COLOR) == 0
    assert draw(marked()).count(ROI_COLOR) > 0
    with pytest.warns(DeprecationWarning, match="show_results"):
        axes = draw(marked(), show_results=POINT).plot.axes[0]
    assert axes.lines[-1].get_xdata().tolist() == [1.0]


def test_an_old_argument_that_is_none_counts_as_not_given(plotter: Plotter) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot = plotter.plot(marked(), show_roi=None, show_results=None)

    assert plot._repr_png_() == plotter.plot(marked())._repr_png_()


def test_both_names_of_an_argument_at_once_are_refused(plotter: Plotter) -> None:
    with pytest.raises(TypeError, match="got 'roi' and its old name 'show_roi'; pass"):
        plotter.plot(marked(), roi=True, show_roi=False)


@pytest.mark.parametrize(
    ("method", "result"), [("display_table", TABLE), ("display_geometry", POINT)]
)
def test_an_old_method_warns_and_returns_the_table(
    plotter: Plotter, method: str, result: Any
) -> None:
    with pytest.warns(
        DeprecationWarning,
        match=rf"{method}\(\) is deprecated; use table\(\) instead",
    ) as warned:
        shown = getattr(plotter, method)(result, "chosen")

    assert [warning.filename for warning in warned] == [__file__]
    assert repr(shown) == repr(plotter.table(result, "chosen"))


def test_the_options_of_an_old_method_still_work(plotter: Plotter) -> None:
    with pytest.warns(DeprecationWarning, match="display_table"):
        shown = plotter.display_table(TABLE, transpose_single_row=False)

    assert repr(shown) == repr(plotter.table(TABLE, transpose_single_row=False))


def test_a_table_result_is_not_a_geometry(plotter: Plotter) -> None:
    with (
        pytest.warns(DeprecationWarning, match="display_geometry"),
        pytest.raises(TypeError, match="takes a geometry result"),
    ):
        plotter.display_geometry(TABLE)


def test_the_warning_is_at_the_line_of_the_cell(loaded) -> None:
    with pytest.warns(DeprecationWarning, match="show_roi") as warned:
        loaded.run("x = np.arange(3.0)\nplotter.plot(x, show_roi=False)")

    (warning,) = warned
    assert (warning.lineno, "ipython-input" in warning.filename) == (2, True)
