"""Checks of what notebooks/gallery/live_roi.ipynb claims."""


@claim(
    "The example is the diameter of a laser beam by ISO 11146, four standard deviations of its profile.",
    "The images are simulated: the standard deviation is 22 pixels, so the diameter is 88 pixels, on 20 counts of background.",
)
def _():
    column = np.arange(-500, 501.0)
    beam = np.exp(-(column**2) / (2 * 22**2))
    assert np.isclose(4 * np.sqrt((beam * column**2).sum() / beam.sum()), 88)
    between(19.9, workspace.get("camera 1").data[:50, 250:].mean(), 20.1)


@claim(
    "In these colors, which end at 60 counts, the picture shows why the diameter is much too small: the region reaches into the beam's foot, so that too much background is subtracted.",
)
def _():
    assert first < 0.6 * 88
    values = workspace.get("camera 1").data[60:120, 195:275]
    assert values.mean() > 21
    assert values[:, 0].max() > 30


@claim(
    "The event says which objects changed, and who changed them: this notebook, another one, or DataLab's user.",
)
def _():
    assert kind in ("edited", "replaced", "changed")
    assert len(answers) >= 1


@claim("Now the diameter is right within 3 %.")
def _():
    between(0.97, second / 88, 1.03)
    assert chosen == ["camera 2"]
    between(0.97, third / 88, 1.03)
