# > Three files are made here
assert len({"laser.csv", "scope.csv", "stack.tif"}) == 3
# > The fourth comes with sigima
assert sample.is_file()
# > a German spectrometer
assert np.allclose(laser.y, intensity, atol=1e-4)
assert np.allclose(laser.x, wavelength)
assert (laser.xlabel, laser.xunit, laser.ylabel, laser.yunit) == (
    "Wellenlänge",
    "nm",
    "Intensität",
    "V",
)
# > Each channel of the oscilloscope becomes a signal, and each frame of the stack an image.
assert workspace.list(pattern="scope*") == ["scope.csv 00", "scope.csv 01"]
assert np.allclose(workspace.get("scope.csv 01").y, np.cos(2e4 * time), atol=1e-4)
assert len(workspace.list(pattern="stack*")) == 3
assert (frame.data == frames[2]).all()
# > four pixels in a micrometre are 0.25 µm for each
assert (frame.dx, frame.dy, frame.xunit) == (0.25, 0.25, "µm")
# > The spectrum was counted in 2048 channels.
assert spectrum.y.size == 2048
# > Is `1,234` a number just above one, or a thousand?
assert workspace.get("counts.csv").x[0] == 1.234
# > An object that is there already, and equal, is not added again.
assert len(workspace.list(pattern="laser*")) == 1
# > keeps the reasons
assert len(names.failed) == 1
