"""Dates on the x axis: seconds and sigima's flag, exact or refused."""

from __future__ import annotations

import datetime
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
import sigima
from hypothesis import given
from hypothesis import strategies as st
from sigima.objects.signal import constants

from datalab_workspace import Workspace
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.errors import UnsupportedDtypeError
from datalab_workspace.model import dates

Y = np.arange(3.0)
DAY = np.datetime64("2025-06-19T12:00:00")


@pytest.fixture
def workspace() -> Workspace:
    return Workspace(backend=MemoryBackend())


def test_the_metadata_keys_are_those_of_sigima() -> None:
    assert dates.DATES_KEY == constants.DATETIME_X_KEY
    assert dates.FORMAT_KEY == constants.DATETIME_X_FORMAT_KEY


@pytest.mark.parametrize("unit", ["D", "h", "m", "s", "ms", "us", "10us", "ns", "M"])
def test_dates_are_kept_as_sigima_keeps_them(workspace: Workspace, unit: str) -> None:
    x = DAY.astype(f"datetime64[{unit}]") + np.arange(3)
    x = x.astype("datetime64[us]").astype("datetime64[ns]") if unit == "ns" else x
    reference = sigima.create_signal("s", Y, Y)
    reference.set_x_from_datetime(x.astype("datetime64[ns]"))
    workspace.add("d", (x, Y))
    obj = workspace.get("d")
    assert obj.is_x_datetime()
    assert obj.xunit == reference.xunit == "s"
    # sigima rounds to nanoseconds in float64 first.
    np.testing.assert_allclose(obj.x, reference.x, rtol=4e-16)
    nanoseconds = obj.get_x_as_datetime().astype("datetime64[us]")
    assert abs(nanoseconds - x.astype("datetime64[us]")).astype(int).max() <= 1


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_resolution_is_kept(workspace: Workspace, unit: str) -> None:
    x = (DAY + np.arange(3)).astype(f"datetime64[{unit}]")
    workspace.add("d", (x, Y))
    found = [workspace.to_pandas("d").index.to_numpy()]
    if find_spec("xarray"):
        found.append(workspace.to_xarray("d")["x"].to_numpy())
    for back in found:
        assert back.dtype == x.dtype
        np.testing.assert_array_equal(back, x)


@given(
    st.sampled_from(["s", "ms", "us", "ns"]),
    st.lists(st.integers(-(2**61), 2**61), min_size=1),
)
def test_the_way_back_is_exact_or_refused(unit: str, ticks: list[int]) -> None:
    x = np.array(ticks).astype(f"datetime64[{unit}]")
    try:
        seconds = dates.to_seconds(x, "x")
    except UnsupportedDtypeError:
        assert unit != "s" or max(map(abs, ticks)) > 2**53
        return
    np.testing.assert_array_equal(dates.from_seconds(seconds, unit), x)


def test_nanoseconds_of_today_are_refused(workspace: Workspace) -> None:
    x = DAY.astype("datetime64[ns]") + np.arange(3)
    with pytest.raises(TypeError, match=r"x\.astype\('datetime64\[us\]'\)"):
        workspace.add("d", (x, Y))
    workspace.add("d", (x.astype("datetime64[us]"), Y))
    # Near 1970, seconds in float64 are fine enough.
    workspace.add("old", (np.arange(3).astype("datetime64[ns]"), Y))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((np.array(["2025-01-01", "NaT", "2025-01-02"], "M8[D]"), Y), "isnat"),
        ((Y, DAY + np.arange(3)), "only on x"),
        ((np.arange(3).astype("m8[s]"), Y), "timedelta64"),
        (np.full((2, 2), DAY), "an image holds numbers"),
        (([datetime.date(2025, 1, 1), "2025", 3], Y), "dates"),
    ],
)
def test_what_no_signal_can_hold_is_refused(
    workspace: Workspace, values: object, words: str
) -> None:
    with pytest.raises(TypeError, match=words) as raised:
        workspace.add("d", values)
    assert "astype(float)" not in str(raised.value)


def test_dates_of_the_standard_library_and_pandas_are_taken(
    workspace: Workspace,
) -> None:
    days = [datetime.date(2025, 1, day) for day in (1, 2, 3)]
    times = np.array(days, "datetime64[us]").tolist()
    for name, x in {
        "days": days,
        "times": times,
        "stamps": [pd.Timestamp(time) for time in times],
        "index": pd.DatetimeIndex(times),
        "series": pd.Series(times),
    }.items():
        workspace.add(name, (x, Y))
        expected = np.array(days, "datetime64[s]")
        back = workspace.to_pandas(name).index.to_numpy()
        np.testing.assert_array_equal(back.astype("datetime64[s]"), expected)


def test_a_time_zone_becomes_utc_with_a_warning(workspace: Workspace) -> None:
    index = pd.date_range("2025-06-19", periods=3, freq="h", tz="Europe/Paris")
    for name, what in {
        "series": pd.Series(Y, index=index),
        "pair": (list(index), Y),
        "frame": pd.DataFrame({"t": index, "v": Y}),
    }.items():
        with pytest.warns(UserWarning, match="Europe/Paris.*UTC"):
            workspace.add(name, what)
        assert workspace.get(name).x[0] == 1750284000.0  # 22:00 UTC of the day before
        back = workspace.to_pandas(name).index
        assert str(back.tz) == "Europe/Paris"
        assert list(back) == list(index)
    zone = datetime.timezone(datetime.timedelta(hours=2))
    with pytest.warns(UserWarning, match=r"UTC\+02:00"):
        workspace.add("o", ([datetime.datetime(2025, 1, 1, tzinfo=zone)] * 3, Y))
    assert workspace.to_pandas("o").index[0] == datetime.datetime(
        2025, 1, 1, tzinfo=zone
    )
    several = [
        datetime.datetime(2025, 1, 1, tzinfo=zone),
        np.datetime64("2025-01-01", "us").item(),
    ]
    with pytest.raises(TypeError, match="several time zones"):
        workspace.add("several", (several, Y[:2]))


def test_dates_survive_a_file(workspace: Workspace, tmp_path: object) -> None:
    x = (DAY + np.arange(3)).astype("datetime64[ms]")
    workspace.add("d", (x, Y))
    workspace.save(f"{tmp_path}/dates.h5")
    other = Workspace(backend=MemoryBackend())
    other.load(f"{tmp_path}/dates.h5")
    np.testing.assert_array_equal(other.to_pandas("d").index, x)
