"""Checks of what notebooks/el_nino.ipynb claims."""


def _share(low, high):
    """Return the share of the power at frequencies between two."""
    curve = workspace.get(density)
    inside = (curve.x >= low) & (curve.x <= high)
    return curve.y[inside].sum() / curve.y.sum()


background(
    "Every two to seven years the eastern Pacific warms by one to three degrees: El Niño.",
    source="NOAA, https://oceanservice.noaa.gov/facts/ninonina.html (the interval) and "
    "https://www.cpc.ncep.noaa.gov/data/indices/ersst5.nino.mth.91-20.ascii (Niño 3)",
)


@claim("The interval is not regular.")
def _():
    intervals = np.diff(found.to_dataframe().iloc[:, 1])
    between(2, intervals.max() / intervals.min(), 4)


@claim(
    "The record comes with PyWavelets: the quarterly temperature of the Niño-3 region from 1950 to 2015, as a deviation from its mean in units of its standard deviation σ."
)
def _():
    assert np.allclose(np.diff(year), 0.25)
    assert (year[0], int(year[-1])) == (1950, 2015)
    between(-1e-9, temperature.mean(), 1e-9)
    between(1 - 1e-9, temperature.std(ddof=1), 1 + 1e-9)
    # In the region Niño 3 the seasons are as strong as the other changes. In Niño 1+2,
    # which the documentation of PyWavelets describes, they are twice as strong.
    quarters = temperature.reshape(-1, 4)
    seasons = quarters.mean(axis=0)
    between(0.9, seasons.std() / (quarters - seasons).std(), 1.1)
    assert seasons.argmax() == 1  # spring is the warmest


@claim(
    "So the trend is removed, and a Hann window takes the record to zero at both ends."
)
def _():
    assert abs(np.polyfit(year, workspace.get(steady).y, 1)[0]) < 1e-9
    ends = workspace.get(windowed).y[[0, -1]]
    between(0, abs(ends).max(), 1e-9)


@claim(
    "The seasons are the line at one cycle per year, with 47 % of the power.",
    "El Niño is not a line but a band: periods from two to seven years have 40 % of the power.",
)
def _():
    between(0.465, _share(0.95, 1.05), 0.475)
    between(0.395, _share(1 / 7, 1 / 2), 0.405)


@claim("These are the maxima that rise above 5 % of the range of values:")
def _():
    curve = workspace.get("spectrum")
    height = table.iloc[:, 1]
    assert height.min() > curve.y.min() + 0.05 * np.ptp(curve.y)
    inner = curve.y[1:-1]
    maxima = inner[(inner > curve.y[:-2]) & (inner > curve.y[2:])]
    limit = curve.y.min() + 0.05 * np.ptp(curve.y)
    assert len(table) == np.count_nonzero(maxima > limit)


@claim(
    "A low-pass filter with a cut-off of 0.7 cycles per year removes the seasons from the record and leaves the events."
)
def _():
    def yearly(values):
        return abs(np.exp(2j * np.pi * year) @ values)

    before, after = workspace.get(steady).y, workspace.get("without seasons").y
    between(0, yearly(after) / yearly(before), 0.1)
    # The slower changes are those of the mean over each year.
    means = [np.convolve(y, np.ones(4) / 4, "valid") for y in (before, after)]
    between(0.9, np.corrcoef(*means)[0, 1], 1)


@claim(
    "An event is a maximum of at least one standard deviation, at least two years from the next."
)
def _():
    at = found.to_dataframe().iloc[:, 1]
    assert found.to_dataframe().iloc[:, 2].min() >= 1
    assert np.diff(at).min() >= 2


@claim(
    "Years are those at which a quarter begins: 1957.75 is the last quarter of 1957."
)
def _():
    # The strongest quarter of the strongest events on record: the last of 1982 and 1997.
    anomaly = (
        temperature.reshape(-1, 4) - temperature.reshape(-1, 4).mean(axis=0)
    ).ravel()
    assert {*year[np.argsort(anomaly)[-2:]]} <= {1982.75, 1997.75, 1998.0, 2015.75}
    assert 1957.75 in found.to_dataframe().iloc[:, 1].to_list()


@claim(
    "The six are El Niños that weather services list as strong: 1957–58, 1965–66, 1972–73, 1982–83, 1987–88 and 1997–98.",
    "Their list also has the one of 1991–92, whose maximum is just too low here: 0.89 σ.",
    "The one of 2015–16 has no maximum here, because it was not over when the record ended.",
)
def _():
    # Oceanic Niño Index of 1.5 K or more: NOAA, https://ggweather.com/enso/oni.htm
    strong = [1957, 1965, 1972, 1982, 1987, 1991, 1997, 2015]
    at = found.to_dataframe().iloc[:, 1].to_numpy()
    assert len(at) == 6
    of_the_list = [[first for first in strong if first <= t < first + 2] for t in at]
    assert of_the_list == [[1957], [1965], [1972], [1982], [1987], [1997]]
    curve = workspace.get("without seasons")
    in_1991 = curve.y[(curve.x >= 1991) & (curve.x < 1993)]
    assert round(in_1991.max(), 2) == 0.89
    assert curve.y[-1] == curve.y[curve.x >= 2014].max() > 1
