"""Checks of what notebooks/gallery/fit_a_peak.ipynb claims."""


@claim(
    "It is simulated, so that each result can be compared with the truth: lines at 546.074 nm, 576.960 nm and 579.066 nm, each with a full width at half maximum (FWHM) of 1.6 nm, on a background of 60 counts.",
)
def _():
    assert [*truth.values()] == [546.074, 576.960, 579.066]
    half = line(truth["green"] + 1.6 / 2, 1, truth["green"], sigma)
    assert abs(half - 0.5) < 1e-12
    assert abs(expected.min() - 60) < 0.01


@claim(
    "One line",
)
def _():
    assert abs(error) < 2 * scatter
    assert abs(fwhm.value - 1.6) < 3 * fwhm.uncertainty


@claim(
    "Their mean square, the reduced chi-square, is then close to 1.",
)
def _():
    assert abs(chi2["Gaussian"] - 1) < 3 * np.sqrt(2 / (x.size - 4))


@claim(
    "A Lorentzian through the same points does not fit.",
)
def _():
    assert chi2["Lorentzian"] > 10


@claim(
    "Count the same lamp 200 times, and fit each spectrum.",
)
def _():
    assert spectra.shape[0] == positions.values.size == 200


@claim(
    "The positions scatter 1.8 times as much as the fits say.",
)
def _():
    assert round(scatter / stated, 1) == 1.8


@claim(
    "Here the noise is largest where the line is.",
)
def _():
    assert abs(x[spectra.std(axis=0).argmax()] - truth["green"]) < 0.5


@claim(
    "The scatter and the stated uncertainty then agree, and the positions are better.",
)
def _():
    assert abs(scatter2 / stated2 - 1) < 2 / np.sqrt(2 * 200)
    assert scatter2 < 0.9 * scatter


@claim(
    "The yellow lines are so close that each one shifts the maximum of the other.",
)
def _():
    fine = np.linspace(575, 581, 60001)
    both = doublet(fine, 700, truth["yellow 1"], 800, truth["yellow 2"], sigma, 60)
    middle = fine > 578
    assert fine[~middle][both[~middle].argmax()] > truth["yellow 1"] + 0.001
    assert fine[middle][both[middle].argmax()] < truth["yellow 2"] - 0.001


@claim(
    "A model of both lines, with one width for the two, separates them.",
)
def _():
    assert abs(best[1] - truth["yellow 1"]) < 2 * spread[1]
    assert abs(best[3] - truth["yellow 2"]) < 2 * spread[3]
    assert abs(distance - 2.106) < 2 * np.sqrt(variance)
    assert abs(best[4] * to_fwhm - 1.6) < 2 * spread[4] * to_fwhm


@claim(
    "You see in the residuals whether the curve fits, and you separate two lines that overlap.",
    "Two lines that overlap",
)
def _():
    assert distance < 2 * 1.6
