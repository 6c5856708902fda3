"""Text tables of instruments and spreadsheets become the signals that they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sigima.io

import datalab_workspace as dlw

Read = Callable[..., Any]
X, Y = [0.0, 0.1, 0.2], [1.5, 2.5, 4.0]

#: Files that hold X and Y: their content, and the labels and units of x and y.
FILES = {
    "points": ("0.0,1.5\n0.1,2.5\n0.2,4.0\n", None),
    "header": ("t,U\n0.0,1.5\n0.1,2.5\n0.2,4.0\n", ("t", "", "U", "")),
    "units in the header": (
        "t (s),U (mV)\n0.0,1.5\n0.1,2.5\n0.2,4.0\n",
        ("t", "s", "U", "mV"),
    ),
    "German Excel": (
        "Zeit (s);Spannung (V)\r\n0,0;1,5\r\n0,1;2,5\r\n0,2;4,0\r\n",
        ("Zeit", "s", "Spannung", "V"),
    ),
    "decimal commas without header": ("0,0;1,5\n0,1;2,5\n0,2;4,0\n", None),
    "tabs and decimal commas": (
        "Zeit\tU\n0,0\t1,5\n0,1\t2,5\n0,2\t4,0\n",
        ("Zeit", "", "U", ""),
    ),
    "spaces": ("  0.0   1.5\n  0.1   2.5\n  0.2   4.0\n", None),
    "spaces and decimal commas": ("0,0  1,5\n0,1  2,5\n0,2  4,0\n", None),
    "row of units": (
        "Time,Voltage\ns,mV\n0.0,1.5\n0.1,2.5\n0.2,4.0\n",
        ("Time", "s", "Voltage", "mV"),
    ),
    "row of units in brackets": (
        "Time;Voltage\n[s];(V)\n0,0;1,5\n0,1;2,5\n0,2;4,0\n",
        ("Time", "s", "Voltage", "V"),
    ),
    "preamble": (
        (
            "Model,MSO54\nSerial,123\nDate,2024-01-01\n\nTIME,CH1\n"
            "0.0,1.5\n0.1,2.5\n0.2,4.0\n"
        ),
        ("TIME", "", "CH1", ""),
    ),
    "long preamble": (
        "".join(f"note {i}\n" for i in range(60)) + "x,y\n0.0,1.5\n0.1,2.5\n0.2,4.0\n",
        ("x", "", "y", ""),
    ),
    "Keysight": (
        "x-axis,1\nsecond,Volt\n0.0,1.5\n0.1,2.5\n0.2,4.0\n",
        ("x-axis", "second", "1", "Volt"),
    ),
    "Ocean Optics": (
        (
            "Data from A\n\nUser: b\nIntegration Time (sec): 0,1\n"
            ">>>>>Begin Spectral Data<<<<<\n0.0\t1.5\n0.1\t2.5\n0.2\t4.0\n"
        ),
        None,
    ),
    "Ocean Optics with a footer": (
        (
            "User: b\n>>>>>Begin Processed Spectral Data<<<<<\n"
            "0,0\t1,5\n0,1\t2,5\n0,2\t4,0\n"
            ">>>>>End Processed Spectral Data<<<<<\n"
        ),
        None,
    ),
    "LabVIEW": (
        (
            "LabVIEW Measurement\t\nSeparator\tTab\nDecimal_Separator\t.\n"
            "***End_of_Header***\t\t\n\nChannels\t1\t\nSamples\t3\t\n"
            "***End_of_Header***\t\t\nX_Value\tUntitled\tComment\n"
            "0.000000\t1.500000\n0.100000\t2.500000\n0.200000\t4.000000\n"
        ),
        ("X_Value", "", "Untitled", ""),
    ),
    "Tektronix, first form": (
        "Source,CH1,,0.0,1.5,\n,,,0.1,2.5,\n,,,0.2,4.0,\n",
        ("TIME", "s", "CH1", ""),
    ),
    "Rigol": (
        "X,CH1,Start,Increment,\nSequence,Volt,0.0,0.1\n0,1.5,,\n1,2.5,,\n2,4.0,,\n",
        ("Time", "s", "CH1", "Volt"),
    ),
    "comments": ("% made by me\n! twice\n0.0 1.5\n0.1 2.5\n0.2 4.0\n", None),
    "separators at the ends": (
        "t,U,\n0.0,1.5,\n0.1,2.5,\n0.2,4.0,\n",
        ("t", "", "U", ""),
    ),
    "quoted names": (
        '"Time, s";"Signal"\n0.0;1.5\n0.1;2.5\n0.2;4.0\n',
        ("Time, s", "", "Signal", ""),
    ),
    "separator of Excel": (
        "sep=;\nt;U\n0,0;1,5\n0,1;2,5\n0,2;4,0\n",
        ("t", "", "U", ""),
    ),
    "old Mac": ("t,U\r0.0,1.5\r0.1,2.5\r0.2,4.0\r", ("t", "", "U", "")),
    "footer": ("t,U\n0.0,1.5\n0.1,2.5\n0.2,4.0\n\nEnd of file\n", ("t", "", "U", "")),
    "status": (
        "t,U,state\n0.0,1.5,ok\n0.1,2.5,ok\n0.2,4.0,low\n",
        ("t", "", "U", ""),
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_table_is_read(case: str, read_text: Read) -> None:
    content, names = FILES[case]
    (signal,) = read_text(content)
    assert signal.x.tolist() == pytest.approx(X)
    assert signal.y.tolist() == Y
    if names is not None:
        assert (signal.xlabel, signal.xunit, signal.ylabel, signal.yunit) == names
    assert signal.title == "run.csv"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_encoding_is_found_out(encoding: str, end: str, read_text: Read) -> None:
    lines = ["T (°C),I (µA)", "0.0,1.5", "0.1,2.5", "0.2,4.0", ""]
    (signal,) = read_text(end.join(lines).encode(encoding))
    assert (signal.xunit, signal.yunit) == ("°C", "µA")
    assert signal.y.tolist() == Y


def test_an_encoding_can_be_said(read_text: Read) -> None:
    content = "время,U\n0.0,1.5\n0.1,2.5\n0.2,4.0\n".encode("cp1251")
    (signal,) = read_text(content, encoding="cp1251")
    assert signal.xlabel == "время"


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ('n,U\n1,"1,234.5"\n2,"12,345.5"\n3,"3,456"\n', [1234.5, 12345.5, 3456.0]),
        ("n;U\n1;1.234,5\n2;12.345,5\n3;3.456,0\n", [1234.5, 12345.5, 3456.0]),
        ("n;U\n1;1 234,5\n2;12 345,5\n3;3 456,0\n", [1234.5, 12345.5, 3456.0]),
        ("n;U\n1;1,234,567\n2;2,345\n3;3,456\n", [1234567.0, 2345.0, 3456.0]),
        ("n;U\n1;1,234\n2;0,345\n3;3,456\n", [1.234, 0.345, 3.456]),
        ("n;U\n1;1.234\n2;2.345\n3;3.456\n", [1.234, 2.345, 3.456]),
    ],
)
def test_separators_of_thousands(
    content: str, values: list[float], read_text: Read
) -> None:
    (signal,) = read_text(content)
    assert signal.y.tolist() == values


def test_commas_that_may_separate_thousands_are_refused(read_text: Read) -> None:
    content = "x;y\n1,234;5,678\n2,345;6,789\n3,456;7,890\n"
    with pytest.raises(dlw.UnreadableFileError, match=r"'1,234'; pass decimal=','"):
        read_text(content)
    (signal,) = read_text(content, decimal=",")
    assert signal.y.tolist() == [5.678, 6.789, 7.89]
    (signal,) = read_text(content, decimal=".", on_conflict="replace")
    assert signal.y.tolist() == [5678, 6789, 7890]


def test_one_column_of_decimal_commas_is_not_taken_for_two(read_text: Read) -> None:
    content = "0,125\n0,250\n0,375\n1,500\n"
    with pytest.raises(dlw.UnreadableFileError, match=r"sep=',' for two"):
        read_text(content)
    (signal,) = read_text(content, decimal=",")
    assert signal.y.tolist() == [0.125, 0.25, 0.375, 1.5]


@pytest.mark.parametrize("content", ["1.5\n2.5\n4\n", "U (V)\n1.5\n2.5\n4\n"])
def test_one_column_is_numbered(content: str, read_text: Read) -> None:
    (signal,) = read_text(content)
    assert signal.x.tolist() == [0, 1, 2]
    assert signal.y.tolist() == Y


def test_a_constant_curve_is_read(read_text: Read) -> None:
    (signal,) = read_text("t,U\n0,1\n1,1\n2,1\n")
    assert signal.y.tolist() == [1, 1, 1]


def test_a_constant_column_is_said_to_be_metadata(read_text: Read) -> None:
    with pytest.warns(UserWarning, match="one value only.*'serial'"):
        (signal,) = read_text("t,U,serial\n0,1,7\n1,2,7\n2,4,7\n")
    assert signal.metadata["serial"] == 7


def test_several_columns_are_numbered_as_in_datalab(
    read_text: Read, workspace: dlw.Workspace
) -> None:
    signals = read_text("Zeit;a (V);b (A)\n0,0;1,5;7\n0,1;2,5;8\n0,2;4,0;9\n")
    assert [signal.title for signal in signals] == ["run.csv 00", "run.csv 01"]
    assert [(s.ylabel, s.yunit) for s in signals] == [("a", "V"), ("b", "A")]
    assert [s.y.tolist() for s in signals] == [Y, [7, 8, 9]]


@pytest.mark.parametrize("missing", ["", "NaN", "nan", "N/A"])
def test_a_missing_value_is_nan(missing: str, read_text: Read) -> None:
    (signal,) = read_text(f"t,U\n0.0,1.5\n0.1,{missing}\n0.2,4.0\n")
    assert np.isnan(signal.y[1])
    assert signal.y[[0, 2]].tolist() == [1.5, 4.0]


# -- dates ----------------------------------------------------------------------------

DAYS = np.array(["2024-02-01T10:00:00", "2024-02-02T10:00:00", "2024-02-13T10:00:00"])


@pytest.mark.parametrize(
    "dates",
    [
        ["2024-02-01 10:00:00", "2024-02-02 10:00:00", "2024-02-13 10:00:00"],
        ["2024-02-01T10:00:00", "2024-02-02T10:00:00", "2024-02-13T10:00:00"],
        ["01.02.2024 10:00:00", "02.02.2024 10:00:00", "13.02.2024 10:00:00"],
        ["01/02/2024 10:00", "02/02/2024 10:00", "13/02/2024 10:00"],
        ["02/01/2024 10:00", "02/02/2024 10:00", "02/13/2024 10:00"],
        ["01-Feb-2024 10:00:00", "02-Feb-2024 10:00:00", "13-Feb-2024 10:00:00"],
        ["2024-02-01;10:00:00", "2024-02-02;10:00:00", "2024-02-13;10:00:00"],
    ],
)
def test_dates_are_the_x_axis(dates: list[str], read_text: Read) -> None:
    rows = [f"{date};{value}" for date, value in zip(dates, Y, strict=True)]
    header = "t;" * dates[0].count(";") + "t;U"
    (signal,) = read_text("\n".join([header, *rows, ""]))
    assert signal.is_x_datetime()
    days = signal.get_x_as_datetime().astype("datetime64[s]")
    assert days.tolist() == DAYS.astype("datetime64[s]").tolist()
    assert signal.y.tolist() == Y


def test_a_date_that_may_begin_with_the_day_is_refused(read_text: Read) -> None:
    content = "t,U\n01/02/2024,1.5\n02/02/2024,2.5\n03/02/2024,4\n"
    with pytest.raises(dlw.UnreadableFileError, match="dayfirst=True"):
        read_text(content)
    (signal,) = read_text(content, dayfirst=True)
    day = signal.get_x_as_datetime()[0].astype("datetime64[D]")
    assert str(day) == "2024-02-01"


def test_times_of_a_day_are_seconds(read_text: Read) -> None:
    (signal,) = read_text("t,U\n10:00:00,1.5\n10:00:01.5,2.5\n10:00:03,4\n")
    assert signal.x.tolist() == [36000.0, 36001.5, 36003.0]
    assert signal.xunit == "s"


# -- what is refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        ("x,y\n", "no table of numbers"),
        ("Dear all,\nthe laser is off.\n", "no table of numbers"),
        ("x,y\n0,1+2j\n1,2+3j\n", "no table of numbers"),
        ("x,y\n0,1\n1,2\n2,OL\n3,4\n", r"line 4 holds '2,OL'"),
        ("x,y\n0,1\n1,2\n2,4\n\nx,y\n0,5\n1,6\n", r"line 6 holds 'x,y'"),
        ("x,y\n0,1\n1,2,3\n2,4\n", "more cells than the header"),
        (b"\x00\x01\x02\x03" * 50, "not text"),
    ],
)
def test_a_file_that_would_be_misread_is_refused(
    content: str, reason: str, read_text: Read, workspace: dlw.Workspace
) -> None:
    with pytest.raises(dlw.UnreadableFileError, match=rf"run\.csv': .*{reason}"):
        read_text(content)
    assert len(workspace) == 0


# -- signals or images ----------------------------------------------------------------


def test_a_matrix_without_axis_is_an_image(read_text: Read) -> None:
    data = np.random.default_rng(0).integers(0, 99, (15, 12))
    content = "\n".join(";".join(f"{v},5" for v in row) for row in data)
    (image,) = read_text(content, name="a.txt")
    assert image.data.tolist() == (data + 0.5).tolist()
    first, *_ = read_text(content, name="b.txt", kind="signal")
    assert first.x.tolist() == (data[:, 0] + 0.5).tolist()


def test_a_gradient_may_be_curves_or_an_image(read_text: Read) -> None:
    data = np.arange(15 * 12).reshape(15, 12)
    content = "\n".join(",".join(map(str, row)) for row in data)
    with pytest.raises(dlw.UnreadableFileError, match="12 columns without a header"):
        read_text(content)
    (image,) = read_text(content, kind="image")
    assert np.array_equal(image.data, data)


def test_some_columns_without_axis_are_refused(read_text: Read) -> None:
    content = "3,1,7\n1,2,8\n2,4,9\n"
    with pytest.raises(dlw.UnreadableFileError, match="pass kind='signal' or"):
        read_text(content)
    (image,) = read_text(content, kind="image")
    assert image.data.shape == (3, 3)
    (image,) = read_text("0,1\n2,3\n", kind="image", name="b.csv")
    assert image.data.tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize("suffix", [".dat", ".xy", ".TSV", ".asc", ".lvm", ".prn"])
def test_other_suffixes_of_tables(suffix: str, read_text: Read) -> None:
    (signal,) = read_text("0.0 1.5\n0.1 2.5\n0.2 4.0\n", name=f"run{suffix}")
    assert signal.y.tolist() == Y


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("a|b\n0.0|1.5\n0.1|2.5\n0.2|4.0\n", {}),
        ("a:b\n0.0:1.5\n0.1:2.5\n0.2:4.0\n", {"sep": ":"}),
        ("9,9\n9,9\n0.0,1.5\n0.1,2.5\n0.2,4.0\n", {"skiprows": 2}),
        ("s,V\n0.0,1.5\n0.1,2.5\n0.2,4.0\n", {"header": False}),
    ],
)
def test_options_decide(content: str, options: dict[str, Any], read_text: Read) -> None:
    (signal,) = read_text(content, **options)
    assert signal.x.tolist() == X
    assert signal.y.tolist() == Y
    if options.get("header") is False:
        assert signal.xlabel == ""


def test_sigima_and_the_workspace_agree_on_a_plain_file(
    read_text: Read, tmp_path: Any
) -> None:
    content = "t (s),a (V),b\n" + "".join(
        f"{i / 7},{i * i},{-i}\n" for i in range(2000)
    )
    signals = read_text(content)
    theirs = sigima.io.read_signals(str(tmp_path / "run.csv"))
    assert [s.title for s in signals] == [s.title for s in theirs]
    for ours, other in zip(signals, theirs, strict=True):
        assert np.array_equal(ours.xydata, other.xydata)
        assert (ours.xlabel, ours.yunit) == (other.xlabel, other.yunit)
