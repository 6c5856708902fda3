"""Checks of what notebooks/quickstart.ipynb claims."""


def _fringes(obj):
    """Return the period in pixels and the amplitude of the fringes on the beam."""
    part = obj.data[450:760, 650:900].astype(float)
    window = np.outer(np.hanning(part.shape[0]), np.hanning(part.shape[1]))
    spectrum = abs(np.fft.fft2((part - part.mean()) * window, s=(1024, 1024)))
    frequency = np.hypot(np.fft.fftfreq(1024)[:, None], np.fft.fftfreq(1024))
    spectrum[frequency < 0.03] = 0  # the beam itself
    place = np.unravel_index(spectrum.argmax(), spectrum.shape)
    return 1 / frequency[place], 2 * spectrum[place] / window.sum()


def _width(image):
    """Return the width of the beam in the row through its brightest point."""
    row = image.data[y_top].astype(float)
    profile = create_signal("row", np.arange(row.size, dtype=float), row)
    return sigima.proc.signal.fwhm(profile, method="gauss").value


@claim(
    "A laser beam seen by a camera, and the X-ray diffraction pattern of paracetamol: two measurements are filtered, plotted, measured and saved as a project that DataLab opens.",
    "Two measurements",
)
def _():
    import datalab_workspace as dlw

    assert beam.data.shape == (1200, 1600)
    assert {"i042", "paracetamol"} <= {*dlw.open("analysis.h5").list()}


@claim(
    "DataLab numbers its images `i001`, `i002`…; the name `i042` stands for the 42nd image of a series."
)
def _():
    assert workspace.describe("filtered_i042").short_id.startswith("i0")
    assert int("i042"[1:]) == 42


@claim("Parallel fringes cross the beam, one every 27 pixels.")
def _():
    period, amplitude = _fringes(img)
    between(26.5, period, 27.5)
    between(3, amplitude, 5)  # of 255


background(
    "Such fringes arise where two reflections of the beam interfere, for example in a window in front of a camera.",
    source="M. Born, E. Wolf: Principles of Optics, 7th edition, 7.5 and 7.6",
)


@claim(
    "The fringes are at 1/27 = 0.037, so a cut-off of 0.02 takes them away.",
    "The beam is much wider than that, and stays.",
    "The centre of the beam before and after the filter, with the colors of its brighter part: less than a tenth of the fringes is left.",
)
def _():
    assert round(1 / 27, 3) == 0.037
    expected = sigima.proc.image.butterworth(img, cut_off=0.02)
    assert np.array_equal(workspace.get("filtered_i042").data, expected.data)
    between(0, _fringes(filtered)[1] / _fringes(img)[1], 0.1)
    between(7, _width(img) / 27, 9)
    between(0.95, np.ptp(filtered.data) / np.ptp(img.data.astype(float)), 1)


@claim(
    "In the image itself, a fringe displaces the brightest point by 17 pixels.",
)
def _():
    y, x = np.unravel_index(img.data.argmax(), img.data.shape)
    between(16.5, np.hypot(x - x_top, y - y_top), 17.5)


@claim(
    "The width of the beam is that of a profile through the brightest point of the filtered image: the full width at half maximum, in pixels.",
    "The filter changes the width by less than 1 %.",
)
def _():
    between(0.99, _width(filtered) / _width(img), 1.01)
    # Not by a fit: where the profile crosses half of its height.
    row = filtered.data[y_top]
    half = (row.max() + np.median(row)) / 2
    between(0.9, np.count_nonzero(row > half) / width.value, 1.1)


@claim(
    "The angles of the peaks in the diffraction pattern identify the crystal.",
    "These are the peaks that rise above 30 % of the range of values:",
)
def _():
    height = peaks.to_dataframe().iloc[:, 2]
    assert height.min() > pattern.y.min() + 0.3 * np.ptp(pattern.y)
    # Monoclinic paracetamol (form I): its strong lines with the copper radiation of
    # most tables. This pattern was taken with cobalt, whose wavelength is longer.
    with_copper = [12.1, 13.8, 15.5, 16.8, 18.2, 20.4, 23.5, 24.4, 26.6]
    ratio = 1.7903 / 1.5418
    sine = ratio * np.sin(np.radians(with_copper) / 2)
    with_cobalt = 2 * np.degrees(np.arcsin(sine))
    found = peaks.to_dataframe().iloc[:, 1].to_numpy()
    distance = abs(found[:, None] - with_cobalt).min(axis=0)
    between(0, distance.max(), 0.2)
