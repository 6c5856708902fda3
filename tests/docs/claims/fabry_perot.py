"""Checks of what notebooks/fabry_perot.ipynb claims."""

from scipy.optimize import curve_fit as _curve_fit

background(
    "Two parallel mirrors a distance $d$ apart transmit light of the wavelength $\\lambda$ where $2 d \\cos\\theta = m \\lambda$ with a whole number $m$.",
    "Behind a lens this gives bright rings, one for each $m$.",
    "A step from ring to ring is a free spectral range $\\Delta\\sigma = 1/2d$, and the width of a ring, in the same measure, is the resolution.",
    source="M. Born, E. Wolf: Principles of Optics, 7th edition, 7.6.2 to 7.6.3",
)


@claim(
    "At the small angles of the inner rings $\\cos\\theta \\approx 1 - \\theta^2/2$, so the *squares* of the radii are equidistant."
)
def _():
    angle = np.radians(2)
    between(0, abs(np.cos(angle) - (1 - angle**2 / 2)), 1e-6)
    between(0, np.ptp(np.diff(one)) / free_range, 0.06)


@claim(
    "Two photographs come with sigima: of a source with one spectral line, and of one with two.",
    "The second source gives two rings in each order.",
)
def _():
    # The rings of the second lie in two series, each with the step of the first.
    for series in (two[::2], two[1::2]):
        between(0.97, np.diff(series).mean() / free_range, 1.03)
    between(0.97, np.diff(one).mean() / free_range, 1.03)


@claim(
    "The outer rings are cut off at the edges, so the centre of gravity is not the centre of the rings."
)
def _():
    for name in ("one line", "two lines"):
        image = workspace.get(name)
        y, x = image.data.shape
        x0, y0 = centre(image)
        columns = image.data.sum(axis=0) @ np.arange(x) / image.data.sum()
        rows = image.data.sum(axis=1) @ np.arange(y) / image.data.sum()
        between(10, np.hypot(columns - x0, rows - y0), 100)


@claim(
    "But the rings look the same when they are turned by 180° about their centre.",
    "Turned about any point $c$, the image overlaps with itself as much as the value of its convolution with itself at $2c$.",
)
def _():
    for name in ("one line", "two lines"):
        image = workspace.get(name)
        x0, y0 = (round(2 * v) for v in centre(image))
        # Both coordinates of the part add up to twice the centre, as its turned ones do.
        y, x = image.data.shape
        part = image.data[max(0, y0 - y + 1) : y0 + 1, max(0, x0 - x + 1) : x0 + 1]
        turned = part[::-1, ::-1]
        between(0.9, np.corrcoef(part.ravel(), turned.ravel())[0, 1], 1)
    pattern = image.data[:8, :8].astype(float)
    overlap = fftconvolve(pattern, pattern)
    assert np.isclose(overlap[7, 7], (pattern * pattern[::-1, ::-1]).sum())


@claim(
    "Against $r^2$, the rings are equidistant: they deviate from a straight line by 3 % of a step."
)
def _():
    between(
        0,
        np.ptp(one - np.polyval(np.polyfit(range(4), one, 1), range(4))) / free_range,
        0.03,
    )
    between(0.025, np.ptp(one - free_range * np.arange(len(one))) / free_range, 0.035)


@claim(
    "How many lines could be distinguished within one free spectral range?",
    "As many as the times that the width of a ring, at half its maximum, fits into it.",
    "Close to a resonance the transmission of the interferometer is a Lorentzian.",
    "Mirrors of the reflectivity $R$ have the finesse $F = \\pi\\sqrt{R}/(1 - R)$, if nothing else makes the rings wider.",
)
def _():
    assert finesse == free_range / width
    assert np.isclose(np.pi * np.sqrt(reflectivity) / (1 - reflectivity), finesse)
    ring = workspace.get("first ring")

    # The exact transmission, of which the Lorentzian is the peak, fitted to the same ring.
    def airy(r2, height, first, coefficient, base):
        phase = np.pi * (r2 - first) / free_range
        return base + height / (1 + coefficient * np.sin(phase) ** 2)

    best, _ = _curve_fit(airy, ring.x, ring.y, p0=(70, one[0], 15, 10))
    between(0.95, np.pi / 2 * np.sqrt(best[2]) / finesse, 1.05)
    fit = workspace.get(fitted)
    r2 = 1 - ((fit.y - ring.y) ** 2).sum() / ((ring.y - ring.y.mean()) ** 2).sum()
    between(0.99, r2, 1)


@claim(
    "Two lines",
    "Their distance, in free spectral ranges, is the fraction by which the lines are apart.",
    "The rings alone show neither the whole number that is to be added, nor which ring of a pair has the higher order: one minus the fraction is possible, too.",
)
def _():
    fraction = splitting.mean()
    between(0, splitting.std() / fraction, 0.01)
    # To the next ring of the other series, outwards from the second of a pair.
    other = (two[2::2] - two[1:-1:2]) / free_range
    between(0.98, other.mean() + fraction, 1.02)
