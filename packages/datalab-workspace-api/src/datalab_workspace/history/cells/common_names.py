"""The common functions, methods and modules, by their effect on their arguments.

The lists contain the usual names in notebooks about signals and images. A function
that they lack counts as one that changes its arguments, so that more cells are kept
than are needed.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Functions that do not change their arguments, and modules of such functions.
SHOWING = _names(
    """
    print display plt plotter fig ax axes pprint help logging warnings time
    assert_allclose assert_equal assert_array_equal len repr type isinstance
    """
)
#: Methods that change nothing, of arrays, sigima's objects, strings and containers.
PURE = _names(
    """
    copy astype mean sum max min std var any all argmax argmin reshape ravel flatten
    transpose tolist item round clip conj dot cumsum cumprod prod ptp squeeze swapaxes
    take repeat nonzero searchsorted diagonal trace view
    keys values items index count
    join split strip lower upper format replace startswith endswith encode decode title
    exists is_file is_dir with_suffix read_text head tail describe
    get_data get_xy_values plot show iter_rois physical_to_indices indices_to_physical
    """
)
#: Functions whose results may share the data of their arguments.
SHARING = _names(
    """
    create_image create_signal asarray asanyarray atleast_1d atleast_2d ravel reshape
    view squeeze transpose list tuple dict zip enumerate reversed iter items values
    sorted broadcast_to
    """
)
#: Modules by their usual names: a call that is part of an expression changes none.
MODULES = _names(
    """
    np numpy plt matplotlib sigima scipy sp pd pandas math os sys json re dlw
    datalab_workspace itertools functools xr skimage sips sipi
    """
)
#: The workspace of a notebook, the packages of it, and what makes another one.
WORKSPACE = "workspace"
PACKAGES = _names("datalab_workspace dlw")
FACTORIES = _names("Workspace open connect")
