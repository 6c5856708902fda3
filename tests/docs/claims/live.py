"""Checks of what notebooks/live.ipynb claims."""


@claim("`plotter.plot` shows the object in the window, too.", "This is the window:")
def _():
    assert workspace.mode.value == "live"
    assert {"spot", here} <= {*workspace.list()}


@claim(
    'With `where="datalab"`, DataLab computes.',
    "The result is the same, bit for bit.",
)
def _():
    from scipy.ndimage import gaussian_filter

    # And it is the filter that the title says.
    expected = gaussian_filter(spot, sigma=3.0)
    assert np.allclose(workspace.get(here).data, expected, atol=1e-6)


@claim("An object that was removed here is removed from DataLab, too.")
def _():
    import datalab_workspace as dlw

    status = workspace.status()
    assert there not in dlw.connect(status.url).list()
