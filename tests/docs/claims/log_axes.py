"""Checks of what notebooks/gallery/log_axes.ipynb claims."""


@claim(
    "Silver that was in a beam of neutrons contains two radioactive isotopes: silver-110 has a half-life of 24.6 s, and silver-108 one of 2.38 min.",
)
def _():
    assert half_lives[0] == 24.6
    assert abs(half_lives[1] / 60 - 2.38) < 1e-9


@claim(
    "The counts in each interval of 5 s are simulated.",
)
def _():
    assert {*np.diff(time)} == {5.0}


@claim(
    "On a logarithmic one, it is a straight line.",
)
def _():
    straight = np.polynomial.Polynomial.fit(time[late], np.log2(expected[late]), 1)
    assert abs(straight(time[late]) - np.log2(expected[late])).max() < 0.01


@claim(
    "The slopes are the half-lives.",
    "The late counts give the slow one, and what is left after subtracting it gives the fast one.",
)
def _():
    assert abs(fast - 24.6) < 0.5
    assert abs(slow - 142.8) < 5


@claim(
    "DataLab and all later pictures then use it.",
)
def _():
    assert plotter.plot("decay").axes[0].get_yscale() == "log"


@claim(
    "Far above its resonance, the amplitude of an oscillator falls with the square of the frequency, so the slope is -2.",
)
def _():
    assert abs(slope + 2) < 0.01


@claim(
    "The curve is that of an oscillator with its resonance at 100 Hz and a quality factor of 20.",
)
def _():
    assert abs(frequency[amplitude.argmax()] - 100) < 1
    assert abs(amplitude.max() - 20) < 0.3


@claim(
    '`"symlog"` is linear near zero, and logarithmic beyond on both sides.',
)
def _():
    ticks = plotter.plot(slope_of, xlog=True, ylog="symlog").axes[0]
    assert ticks.get_yscale() == "symlog"


@claim(
    "The first ring has only 1.75 % of the intensity at the centre, so that a linear scale shows nothing but a spot.",
)
def _():
    assert abs(airy[np.hypot(x, y) > 1.22].max() / 1e5 - 0.0175) < 0.0001
    assert abs(ring / 1e5 - 0.0175) < 0.0003


@claim(
    "The background has 10 counts in each pixel.",
)
def _():
    assert abs(star[airy < 1].mean() - 10) < 1


@claim(
    "`vmax` cuts the bright end instead: the rings are linear, and the centre is saturated.",
)
def _():
    assert (star > 2000).sum() > 0


@claim(
    "The dark rings are where the Bessel function is zero, the first at 1.22 λ/D.",
)
def _():
    assert abs(dark - 1.22) < width
    assert abs(j1(np.pi * 1.2197)) < 1e-3


@claim(
    "Decades on one axis",
)
def _():
    assert np.log10(expected.max() / expected.min()) > 2
