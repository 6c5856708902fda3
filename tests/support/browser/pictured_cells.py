"""Cells that compute and draw, to be run in a page and outside of browsers."""

from __future__ import annotations

SETUP = """
import json
import sigima
from sigima.objects import create_image_roi, create_signal_roi

def say(**numbers):
    print(json.dumps({name: np.asarray(n).tolist() for name, n in numbers.items()}))

x = np.linspace(0.0, 10.0, 501)
units = {"labels": ("time", "voltage"), "units": ("ms", "V")}
peak = create_signal("peak", x, 0.2 + 3 * np.exp(-((x - 4.2) ** 2) / 0.9), **units)
noisy = create_signal("noisy", x, peak.y + 0.3 * np.sin(41 * x) * np.cos(7 * x))
workspace.add("peak", peak)
workspace.add("noisy", noisy)
yy, xx = np.mgrid[0:180, 0:240]
spot = 4000 * np.exp(-((xx - 90) ** 2 + 2 * (yy - 70) ** 2) / 1500) + 5 * xx
workspace.add("spot", create_image("spot", spot.astype(np.uint16)))
workspace.add("beam", create_image("beam", spot))
marked = create_image("marked", spot)
marked.roi = create_image_roi("rectangle", [50, 30, 90, 80])
marked.roi.add_roi(create_image_roi("circle", [180, 120, 40]))
workspace.add("marked", marked)
bounded = peak.copy()
bounded.title = "bounded"
bounded.roi = create_signal_roi([[2.5, 3.5], [5.0, 8.0]])
workspace.add("bounded", bounded)
"""
#: Each cell shows one picture.
PICTURES = {
    "a signal": "plotter.plot('peak')",
    "two signals": "plotter.plot(['noisy', workspace.calc('moving_average', "
    "on='noisy', n=25)])",
    "an image": "plotter.plot('spot')",
    "regions of an image": "plotter.plot('marked')",
    "regions of a signal": "plotter.plot('bounded')",
    "results on a signal": "workspace.calc('fw1e2', on='peak')\n"
    "plotter.plot('peak', results=True)",
    "an array": "plotter.plot(np.add.outer(np.sin(x[:100]), np.cos(3 * x[:150])))",
    "a fit": "plotter.plot(['noisy', workspace.calc('gaussian_fit', on='noisy')])",
    "a projection": "plotter.plot(workspace.calc('horizontal_projection', on='spot'))",
    "an image turned": "plotter.plot(workspace.calc('rotate90', on='spot'))",
}
#: Features that process a signal, and their parameters.
OF_SIGNALS = {
    "moving_average": {"n": 7},
    "moving_median": {"n": 9},
    "gaussian_filter": {"sigma": 4.0},
    "lowpass": {"order": 3, "cut0": 3.0},
    "derivative": {},
    "integral": {},
    "fft": {},
    "psd": {},
    "normalize": {},
    "detrending": {},
    "resampling": {"nbpts": 200},
    "histogram": {"bins": 32},
    "peak_detection": {"threshold": 40, "min_dist": 20},
}
#: Features that process an image of floating-point numbers: where integers are cut, the
#: last bit of a number decides.
OF_IMAGES = {
    "gaussian_filter": {"sigma": 2.0},
    "moving_median": {"n": 5},
    "fliph": {},
    "binning": {"sx": 3, "sy": 3},
    "horizontal_projection": {},
}
FITS = ("gaussian_fit", "lorentzian_fit", "voigt_fit")
TABLES = ("fwhm", "fw1e2", "stats")

_OF_SIGNAL = """
made = workspace.get(workspace.calc({feature!r}, on="noisy", **{parameters!r}))
say(x=made.x, y=np.abs(made.y))
"""
_OF_IMAGE = """
made = workspace.get(workspace.calc({feature!r}, on="beam", **{parameters!r}))
say(values=made.y if made.__class__.__name__ == "SignalObj" else made.data)
"""
_FIT = """
made = workspace.get(workspace.calc({feature!r}, on="noisy"))
found = made.metadata["fit_params"]
say(y=made.y, **{{name: n for name, n in found.items() if isinstance(n, float)}})
"""
_TABLE = """
table = workspace.calc({feature!r}, on="peak").to_dataframe()
numbers = table.select_dtypes("number")
say(**{{str(name): numbers[name].to_numpy() for name in numbers}})
"""


def numeric_cells() -> dict[str, str]:
    """Return the cells that print numbers, by what they compute."""
    cells = {
        f"{kind}: {feature}": source.format(feature=feature, parameters=parameters)
        for kind, source, features in (
            ("signal", _OF_SIGNAL, OF_SIGNALS),
            ("image", _OF_IMAGE, OF_IMAGES),
        )
        for feature, parameters in features.items()
    }
    cells |= {f"fit: {name}": _FIT.format(feature=name) for name in FITS}
    return cells | {f"table: {name}": _TABLE.format(feature=name) for name in TABLES}
