"""Checks of what notebooks/gallery/cluster.ipynb claims."""


@claim(
    "The contrast of the grains, the standard deviation divided by the mean, is 1.",
    "If a picture adds up $N$ independent patterns, the contrast falls to $1/\\sqrt{N}$.",
    "The contrast should fall with a slope of −1/2 on logarithmic axes.",
)
def _():
    assert np.allclose(measured, 1 / np.sqrt(measured.index), rtol=0.03)
    between(-0.52, slope, -0.48)


@claim(
    "The call is the one that you use on your own computer.",
    "If your notebook dies, the same call continues the run, with this cluster or another one.",
)
def _():
    with tempfile.TemporaryDirectory() as elsewhere:
        for number in range(3):
            rng = np.random.default_rng(number)
            np.save(Path(elsewhere) / f"n1_{number}.npy", speckle(rng))
        out, items = Path(elsewhere) / "out.h5", f"{elsewhere}/*.npy"
        here = batch.map(contrast, items, out=out, on="serial")
        again = batch.map(contrast, items, out=out, on="threads")
        assert here.done == again.done == 3
        assert again.seconds.equals(here.seconds)


@claim("This page has run with two workers.")
def _():
    assert len(cores) == 2


background(
    "If a worker dies, its item is tried once more by another one.",
    source="docs/howto/cluster.md, and the tests of batches on a cluster",
)
