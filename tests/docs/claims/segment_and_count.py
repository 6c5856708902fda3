"""Checks of what notebooks/gallery/segment_and_count.ipynb claims."""


@claim(
    "The image is simulated, so that the truth is known: 100 round particles in a microscope, with a background that is brighter on one side, blur and noise.",
)
def _():
    assert len(centres) == len(diameters) == 100
    assert (blurred[:, -20:].mean() - blurred[:, :20].mean()) > 20


@claim(
    "One pixel is 0.1 µm.",
)
def _():
    assert image.dx == image.dy == pixel == 0.1


@claim(
    "The diameters have a log-normal distribution with a median of 1.6 µm.",
)
def _():
    assert abs(np.median(diameters) - 1.6) < 0.1


@claim(
    "Some of the particles touch.",
)
def _():
    assert connected.max() < len(diameters)


@claim(
    "The background varies slowly, and the particles are small.",
    "An opening with a disk that is larger than each particle removes them and leaves the background.",
)
def _():
    assert diameters.max() / pixel < 2 * 20
    left = workspace.get(smooth).data - workspace.get(flat).data
    assert abs((left - 60 - x).mean()) < 15


@claim(
    "So those that touch become one, and there are fewer than in truth.",
)
def _():
    assert connected.max() < len(diameters)


@claim(
    "A watershed on the distance from the edge separates them at their necks.",
)
def _():
    assert separate.max() == len(diameters)


@claim(
    "The diameter of a particle is that of a circle of the same area.",
)
def _():
    areas = np.bincount(separate.ravel())[1:] * pixel**2
    assert np.allclose(np.pi * (measured / 2) ** 2, areas)


@claim(
    "A histogram may agree by chance.",
    "The particle at the centre of each true one says more.",
)
def _():
    assert missed == merged == 0
    assert abs(deviation.mean()) < 0.03
    assert deviation.std() < 0.03


@claim(
    "Otsu's method chooses the value that separates the two groups of the histogram best.",
)
def _():
    from skimage.filters import threshold_otsu

    limit = threshold_otsu(workspace.get(flat).data)
    assert ((workspace.get(flat).data > limit) == inside).mean() > 0.999


@claim(
    "Pixels that touch each other are one particle.",
)
def _():
    assert label(np.array([[1, 1, 0, 1]])).max() == 2


background(
    "[A folder of images](../batch.ipynb) can be counted with one call.",
    source="the notebook that it links to",
)
