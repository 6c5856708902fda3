"""Checks of what notebooks/gallery/regions.ipynb claims."""


@claim(
    "Its values are Hounsfield units (HU): air is -1000, water is 0.",
    "The inserts have -100 HU, 50 HU, 150 HU and 900 HU, as fat, muscle, contrast agent and bone have, and the noise is 20 HU.",
)
def _():
    assert [*inserts.values()] == [-100, 50, 150, 900]
    assert abs(np.median(values[np.hypot(x - 102, y - 102) > 95]) + 1000) < 2
    assert abs(values[np.hypot(x - 102, y - 102) < 12].mean()) < 3
    assert np.allclose(table["std (HU)"], 20, rtol=0.1)


@claim(
    "The image is that of a phantom for X-ray computed tomography, simulated: a disk of water with four inserts.",
)
def _():
    assert len(inserts) == 4


@claim(
    "The circles are smaller than the inserts, so that they leave out the blurred edge of a real image.",
)
def _():
    circles = [one.get_physical_coords(phantom) for one in roi]
    assert len(circles) == 5
    assert all(radius == 10 for _, _, radius in circles)
    beside = [np.hypot(x - cx, y - cy) for cx, cy in places.values()]
    assert all(
        abs(values[(d > 11) & (d < 13)].mean() - hu) < 8
        for d, hu in zip(beside, inserts.values(), strict=True)
    )


@claim(
    "Each mean is within three of its standard errors from the truth: 20 HU of noise, divided by the square root of 484 pixels, leaves 0.9 HU.",
)
def _():
    assert (
        abs(table["mean (HU)"] - table["truth (HU)"])
        < 3 * table["error of the mean (HU)"]
    ).all()
    assert (count.drop("water") == 484).all()
    assert round(20 / np.sqrt(484), 1) == 0.9


@claim(
    "The contrast of muscle in one pixel is only 2.5 times the noise.",
)
def _():
    assert round(table.loc["muscle", "contrast to noise"], 1) == 2.5


@claim(
    "The insert as a whole is easy to see, because the noise of its mean is 22 times smaller.",
)
def _():
    assert np.sqrt(484) == 22


@claim(
    "An observer needs a ratio of about 5 (the Rose criterion), and here it is more than 50.",
)
def _():
    assert round(table.loc["muscle", "contrast to noise"] * 22) > 50


@claim(
    "This one leaves the phantom out, and its histogram is that of the air around it.",
)
def _():
    assert outside.x.max() < -900
    assert abs(centre + 1000) < 1


@claim(
    "The histogram of a normal region would be that of the inside.",
)
def _():
    inner = workspace.get("phantom")
    inner.roi = create_image_roi("circle", [102, 102, 85])
    inner = workspace.get(
        workspace.calc("histogram", on=workspace.add("inside", inner))
    )
    assert inner.x.min() > -300


@claim(
    "Segments of the x axis are the regions of a signal.",
)
def _():
    for name in ("fat", "water", "contrast agent"):
        (mean_of,) = (
            workspace.results("profile").select(roi=name, quantity="mean").values
        )
        assert abs(mean_of - ({"water": 0} | inserts)[name]) < 5


@claim(
    "You get the mean, the noise and the contrast inside of regions that you outline, for images and for curves, in one table.",
)
def _():
    assert {"mean (HU)", "std (HU)", "contrast to noise"} <= {*table.columns}
