"""Checks of what notebooks/gallery/history_replay.ipynb claims."""


@claim(
    "You exchange a wrong measurement, see which results are out of date, recompute them by one call each, and give the analysis to others as a script that verifies itself.",
)
def _():
    assert workspace.stale() == {}
    assert workspace.replay("absorbance").verdict == "identical"


@claim(
    "The spectra are simulated, so that the right concentration is known: 20 µmol/L.",
    "Now the concentration is right within 1 %.",
    "The dark counts matter where little light is left: the wrong ones cut off the top of the band.",
)
def _():
    between(0.99, second / 20, 1.01)
    assert first < 0.85 * 20
    after = workspace.get("absorbance")
    loss = after.y - before.y
    assert 525 < after.x[loss.argmax()] < 535
    assert abs(loss[after.x < 470]).max() < 0.01


@claim("The absorbance is $A = \\log_{10}(I_0 - D) - \\log_{10}(I - D)$.")
def _():
    i, i0, d = (workspace.get(name).y for name in ("sample", "lamp", "dark"))
    expected = np.log10(i0 - d) - np.log10(i - d)
    assert np.allclose(workspace.get("absorbance").y, expected)
