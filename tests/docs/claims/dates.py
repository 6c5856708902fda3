"""Checks of what notebooks/gallery/dates.ipynb claims."""


@claim(
    "A sensor has written temperature, relative humidity and dew point every five minutes, from 19 to 22 June 2025.",
)
def _():
    assert np.median(np.diff(signal.x)) == 300
    assert str(dates[0])[:10] == "2025-06-19"
    assert str(dates[-1])[:10] == "2025-06-22"


@claim(
    "The signal has seconds since 1970 as x, and `get_x_as_datetime` returns them as dates.",
)
def _():
    assert signal.x[0] == (dates[0] - np.datetime64("1970-01-01")) / np.timedelta64(
        1, "s"
    )


@claim(
    "The sensor rounds the dew point to 0.1 °C, so a difference of up to 0.05 °C is expected.",
)
def _():
    dew = workspace.get(dew_point).y
    assert np.allclose(dew, dew.round(1))
    assert abs(difference).max() < 0.0501


@claim(
    "Means by the hour",
)
def _():
    assert np.isclose(hourly.iloc[1, 0], signal.y[12:24].mean())


@claim(
    "Here the sensor's clock is declared to be that of Paris, two hours ahead of UTC in summer.",
)
def _():
    assert local.index[0].utcoffset() == pd.Timedelta("2h")


@claim(
    "DataLab keeps dates without one, so the workspace stores UTC, and notes the zone.",
)
def _():
    assert workspace.get("in Paris").get_x_as_datetime()[0] == np.datetime64(
        "2025-06-19T08:00:00"
    )
    assert workspace.to_pandas("in Paris").index.equals(local.index)


@claim(
    "On 26 October 2025, the hour from 2 to 3 o'clock came twice in Paris.",
)
def _():
    twice = written[(written >= "2025-10-26 02:00") & (written < "2025-10-26 03:00")]
    assert len(twice) == 2 * 6


@claim(
    "A log in local time jumps back by an hour.",
    "From the order of the log, pandas infers which one is meant.",
)
def _():
    jump = np.diff(written).min() / np.timedelta64(1, "m")
    assert jump == 10 - 60


@claim(
    "In UTC, each step is ten minutes long.",
)
def _():
    assert {*np.diff(workspace.get("repaired").x)} == {600.0}


@claim(
    "Let sensors write UTC, or the offset: `2025-10-26T02:30:00+02:00` is read as UTC.",
)
def _():
    from pathlib import Path

    Path("offset.csv").write_text(
        "Time,U (V)\n2025-10-26T02:30:00+02:00,1\n2025-10-26T02:30:00+01:00,2\n"
    )
    (offset,) = workspace.read("offset.csv")
    assert str(workspace.get(offset).get_x_as_datetime()[0]).startswith(
        "2025-10-26T00:30:00"
    )
    assert np.diff(workspace.get(offset).x)[0] == 3600


background(
    "The dew point follows from temperature $T$ and relative humidity $h$ by the Magnus formula, with $g = \\ln h + 17.625\\,T / (243.04 + T)$ and $T_d = 243.04\\,g / (17.625 - g)$, in °C.",
    source="Alduchov and Eskridge, J. Appl. Meteorol. 35 (1996) 601",
)
