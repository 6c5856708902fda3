"""Checks of what notebooks/batch.ipynb claims."""


@claim(
    "This notebook measures 14 photographs of a laser beam, then 200 small frames.",
    "One of the frames cannot be read.",
    "One of the files is cut off, as after a full disk.",
    "200 frames",
    "Many files with one call",
)
def _():
    assert len(z) == 14
    assert len(taken) == 200
    assert len(whole) > 100
    assert spoiled.name == "frame_120.png"


@claim(
    "The chain has two features: the mean over circles about the centre of the beam, and the full width at half maximum of this profile from the fit of a Gaussian."
)
def _():
    assert len(chain.steps) == 2
    # Of one photograph, without the chain: where the mean over circles is half as high.
    image = sigima.io.read_image(str(photographs / "TEM00_z_13.jpg")).data.astype(float)
    above = image - np.median(image)
    above[above < 0.1 * above.max()] = 0
    y, x = np.indices(image.shape)
    centre_y, centre_x = ((above * axis).sum() / above.sum() for axis in (y, x))
    radius = np.hypot(y - centre_y, x - centre_x).astype(int).ravel()
    means = np.bincount(radius, image.ravel()) / np.bincount(radius)
    base = np.median(means[400:800])
    half = np.flatnonzero(means < (means[:5].max() + base) / 2)[0]
    between(0.9, 2 * half / (w[0] * np.sqrt(2 * np.log(2))), 1.1)


@claim(
    "A Gaussian beam has fallen to $1/e^2$ of its maximum at the radius $w = \\mathrm{FWHM} / \\sqrt{2 \\ln 2}$."
)
def _():
    radius = 1 / np.sqrt(2 * np.log(2))  # of a width of 1 at half maximum
    assert np.isclose(np.exp(-2 * 0.5**2 / radius**2), 0.5)
    assert np.isclose(np.exp(-2 * radius**2 / radius**2), 1 / np.e**2)


@claim(
    "Along the beam, this radius is $w(z) = w_0 \\sqrt{1 + ((z - z_0) / z_R)^2}$.",
    "It is $w_0$ at the waist, at $z_0$.",
    "Far from the waist, it grows by the divergence $\\theta = w_0 / z_R$ per unit of $z$.",
)
def _():
    w0, z0, zr = best
    assert caustic(z0, *best) == w0
    far = z0 + 1000 * zr
    assert np.isclose(caustic(far + 1, *best) - caustic(far, *best), w0 / zr)
    between(0, abs(w / caustic(z, *best) - 1).max(), 0.03)


@claim(
    'The width at half maximum is the column "length" of the table: the length of the segment that `fwhm` draws.'
)
def _():
    profile = workspace.get("TEM00_z_13")
    width = sigima.proc.signal.fwhm(profile, method="gauss").value
    assert np.isclose(width, w[0] * np.sqrt(2 * np.log(2)))


@claim(
    "The waist lies before the first photograph, so $w_0$ and $z_0$ are extrapolated: their uncertainties are much larger than that of $z_R$."
)
def _():
    assert best[1] < z.min()
    relative = spread / abs(best)
    assert relative[0] > 2 * relative[2]
    assert relative[1] > 10 * relative[2]


@claim(
    "scikit-image, which sigima needs, has 200 photographs of 25 × 25 pixels: first 100 faces, then 100 pieces of backgrounds.",
    "The table is a DataFrame in the order of the files, of which the first 100 are faces.",
)
def _():
    from importlib.metadata import requires

    assert [r for r in requires("sigima") if r.startswith("scikit-image")]
    frames = lfw_subset()
    assert frames.shape == (200, 25, 25)
    assert [*taken.index] == [f"frame_{n:03}" for n in range(1, 201)]
    assert [*values["faces"].index] == [*taken.index[:100]]
    # The pixels cannot prove it, but the documentation of the frames says it.
    assert "100 first images are faces" in lfw_subset.__doc__
    assert "extracted from the background" in lfw_subset.__doc__
    edges = [values[kind].mean() for kind in ("faces", "others")]
    assert edges[0] > 1.5 * edges[1]


@claim(
    "This one returns the edges in the frame, their mean, and how much the frame differs from its mirror image."
)
def _():
    pixels = np.round(lfw_subset()[0] * 255)
    edges, measured = measure(create_image("frame", pixels.astype(np.uint8)))
    assert measured["edges"] == edges.data.mean() == values["faces"].iloc[0]
    assert measured["asymmetry"] == abs(pixels - pixels[:, ::-1]).mean() == column[0]


@claim(
    '`run.errors` has its error under its name, and the table has it in the column "error".',
    "When the file is repaired, `run.retry()` computes it alone: the times that the other items took are those of the first call.",
)
def _():
    assert [*taken.index[taken.index != "frame_120"]] == [*taken.index[others]]
    assert len(taken[others]) == 199


@claim("Do the values tell faces from other frames?")
def _():
    edges = [values[kind].to_numpy() for kind in ("faces", "others")]
    between(0.975, (edges[0][:, None] > edges[1]).mean(), 0.985)
    between(0.825, (column[:100, None] > column[100:]).mean(), 0.835)
