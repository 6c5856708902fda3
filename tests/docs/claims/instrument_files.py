"""Checks of what notebooks/gallery/instrument_files.ipynb claims."""


@claim(
    "Three files are made here, as a German spectrometer, an American oscilloscope and ImageJ write them.",
)
def _():
    assert len({"laser.csv", "scope.csv", "stack.tif"}) == 3
    assert np.allclose(laser.y, intensity, atol=1e-4)
    assert np.allclose(laser.x, wavelength)
    assert (laser.xlabel, laser.xunit, laser.ylabel, laser.yunit) == (
        "Wellenlänge",
        "nm",
        "Intensität",
        "V",
    )


@claim(
    "The fourth comes with sigima: a spectrum of a multichannel analyser.",
)
def _():
    assert sample.is_file()


@claim(
    "Each channel of the oscilloscope becomes a signal, and each frame of the stack an image.",
)
def _():
    assert workspace.list(pattern="scope*") == ["scope.csv 00", "scope.csv 01"]
    assert np.allclose(workspace.get("scope.csv 01").y, np.cos(2e4 * time), atol=1e-4)
    assert len(workspace.list(pattern="stack*")) == 3
    assert (frame.data == frames[2]).all()


@claim(
    "Labels and units come from the heads of the columns, and the pixel size from the tags of ImageJ: four pixels in a micrometre are 0.25 µm for each.",
)
def _():
    assert (frame.dx, frame.dy, frame.xunit) == (0.25, 0.25, "µm")


@claim(
    "Sigima extends the line through the first two calibration points, so channel 0 has a negative energy.",
)
def _():
    assert spectrum.x[0] < 0
    assert np.isclose(spectrum.x[1] - spectrum.x[0], (6.49 - 5.89) / (553 - 504))


@claim(
    "The spectrum was counted in 2048 channels.",
)
def _():
    assert spectrum.y.size == 2048


@claim(
    "Is `1,234` a number just above one, or a thousand?",
)
def _():
    assert workspace.get("counts.csv").x[0] == 1.234


@claim(
    "An object that is there already, and equal, is not added again.",
)
def _():
    assert len(workspace.list(pattern="laser*")) == 1


@claim(
    '`errors="skip"` reads the others and keeps the reasons.',
)
def _():
    assert len(names.failed) == 1


@claim(
    "You read a folder of files from different instruments with one call: tables with decimal commas, an oscilloscope's file, a stack of images with its pixel size, and the counts of a detector.",
    "One call for all",
)
def _():
    sources = {name.partition(" ")[0] for name in workspace.list(group="monday")}
    assert sources >= {"laser.csv", "scope.csv", "spectrum.mca", "stack.tif"}, sources


@claim(
    "By default, one bad file stops the call, and nothing is added.",
)
def _():
    Path("bad").mkdir()
    Path("bad/a.csv").write_text("x;y\n1;2\n2;3\n")
    Path("bad/b.csv").write_text("t (s);U (V)\n0;1\n1;2\n2;OVERLOAD\n3;4\n")
    before = workspace.list()
    try:
        workspace.read("bad")
    except dlw.UnreadableFileError:
        assert workspace.list() == before
    else:
        raise AssertionError("it was read")


@claim(
    "A file that can be read in two ways",
)
def _():
    Path("two.csv").write_text("x;y\n1,234;5,678\n2,345;6,789\n")
    found = [
        workspace.get(*workspace.read("two.csv", decimal=d, on_conflict="rename")).x[0]
        for d in ",."
    ]
    assert found == [1.234, 1234.0]


background(
    "[Many files with one call](../batch.ipynb) measures each file of a folder.",
    source="the notebook that it links to",
)
