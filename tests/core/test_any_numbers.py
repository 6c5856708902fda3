"""All arrays of numbers can be drawn, without a warning."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from datalab_kernel_core import Plot, Plotter
from datalab_kernel_core.plotter.options import COMPONENTS
from datalab_workspace import Workspace

DTYPES = st.one_of(
    nps.boolean_dtypes(),
    nps.integer_dtypes(endianness="?"),
    nps.unsigned_integer_dtypes(endianness="?"),
    nps.floating_dtypes(endianness="?"),
    nps.complex_number_dtypes(endianness="?"),
    st.just(np.dtype(np.longdouble)),
)
PLOTTER = Plotter(Workspace)


def arrays(dimensions: int) -> st.SearchStrategy[np.ndarray]:
    """Arrays of numbers, every other one masked."""
    shapes = nps.array_shapes(
        min_dims=dimensions, max_dims=dimensions, min_side=0, max_side=8
    )
    plain = DTYPES.flatmap(lambda dtype: nps.arrays(dtype, shapes))
    masked = plain.flatmap(
        lambda data: nps.arrays(bool, data.shape).map(
            lambda mask: np.ma.array(data, mask=mask)
        )
    )
    return plain | masked


def is_picture(plot: Plot) -> bool:
    return plot._repr_png_().startswith(b"\x89PNG")


@settings(max_examples=10)
@given(y=arrays(1))
def test_any_signal_is_drawn(y: np.ndarray) -> None:
    assert is_picture(PLOTTER.plot(y))


@settings(max_examples=10)
@given(
    pair=arrays(1).flatmap(lambda y: st.tuples(nps.arrays(float, y.shape), st.just(y)))
)
def test_any_curve_is_drawn(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert is_picture(PLOTTER.plot(pair))


@settings(max_examples=10)
@given(data=arrays(2))
def test_any_image_is_drawn(data: np.ndarray) -> None:
    assert is_picture(PLOTTER.plot(data))


@settings(max_examples=10)
@given(
    what=st.lists(arrays(1) | arrays(2), min_size=1, max_size=4),
    complex_as=st.sampled_from([None, *COMPONENTS]),
    shared_scale=st.booleans(),
)
def test_any_list_is_drawn(
    what: list[np.ndarray], complex_as: str | None, shared_scale: bool
) -> None:
    shared = shared_scale and any(data.ndim == 2 for data in what)
    assert is_picture(PLOTTER.plot(what, complex_as=complex_as, shared_scale=shared))


@settings(max_examples=10)
@given(text=st.text(max_size=100))
def test_any_text_is_drawn(text: str) -> None:
    assert is_picture(PLOTTER.plot(np.arange(3.0), text, xlabel=text, xunit=text))
