"""Checks of what notebooks/gallery/paper_table.ipynb claims."""


@claim(
    "Three lines of the Balmer series are scanned with a monochromator and a photodiode.",
    "One call fits all scans.",
)
def _():
    assert len(lines) == len(fits) == 3
    assert [*level] == [3, 4, 5]  # to the level 2: the Balmer series


@claim(
    "The scans are simulated, so that the results can be compared with the truth: wavelengths in vacuum by Rydberg's formula, a full width at half maximum (FWHM) of 0.12 nm, and noise of 4 mV at each point.",
    "The noise is the same at each point, so the uncertainties of the fits hold.",
)
def _():
    for found, n in zip(results["x0"], level, strict=True):
        exact = 1e9 / (truth * (1 / 4 - 1 / n**2))
        assert abs(found.value - exact) < 3 * found.uncertainty
    for found in results["fwhm"]:
        assert abs(found.value - 0.12) < 3 * found.uncertainty
    for rms in results["residual_rms"].values:
        between(0.004 * 0.8, rms, 0.004 * 1.2)


@claim(
    "Each line gives a Rydberg constant, $R = 1 / (\\lambda (1/4 - 1/n^2))$.",
    "The weighted mean combines the three.",
)
def _():
    assert rydberg.size == 3
    assert abs(mean - truth) < 2 * spread_of_mean
    assert spread_of_mean < spread.min()
    # That of hydrogen is that of an infinitely heavy nucleus, times the reduced mass.
    between(0.999999, 10973731.568 / (1 + 1 / 1836.15267) / truth, 1.000001)


@claim(
    "Papers write these two digits in parentheses: 0.1234(56) is 0.1234 ± 0.0056.",
)
def _():
    assert rounded(0.12344, 0.00561) == "0.1234(56)"
    assert rounded(3.14159, 0.0996) == "3.14(10)"
    assert rounded(656.46965, 0.000113) == "656.46965(11)"
    assert rounded(2.0, 0.0994) == "2.000(99)"
