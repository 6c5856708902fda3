"""Write the files of the comparison: an image of particles, a peak, and the truth."""

import json
from pathlib import Path

import numpy as np
import tifffile

SIGMA = 4.0  # of a particle, in pixels
PEAK = {"height": 100.0, "position": 546.074, "sigma": 0.68, "background": 20.0}


def write(folder: Path) -> None:
    """Write ``particles.tif``, ``peak.csv`` and ``truth.json``."""
    rng = np.random.default_rng(7)
    row, column = np.divmod(np.arange(20), 5)
    centres = np.c_[40 + 44 * column, 40 + 58 * row] + rng.uniform(-8, 8, (20, 2))
    y, x = np.mgrid[:256, :256]
    particles = sum(np.exp(-(np.hypot(x - a, y - b) ** 2) / 32) for a, b in centres)
    pixels = rng.poisson(100 + 400 * particles).astype(np.uint16)
    tifffile.imwrite(folder / "particles.tif", pixels)

    x = np.arange(541.0, 551.0, 0.1)
    curve = np.exp(-((x - PEAK["position"]) ** 2) / (2 * PEAK["sigma"] ** 2))
    noise = rng.normal(0, 2, x.size)
    y = PEAK["background"] + PEAK["height"] * curve + noise
    table = {"X": np.c_[x, y], "delimiter": ",", "fmt": "%.4f", "comments": ""}
    np.savetxt(folder / "peak.csv", header="wavelength (nm),counts", **table)

    to_fwhm = np.sqrt(8 * np.log(2))
    truth = {
        "centres": centres.tolist(),
        # The filter of the task has a standard deviation of two pixels.
        "diameter": to_fwhm * np.hypot(SIGMA, 2.0),
        "position": PEAK["position"],
        "fwhm": to_fwhm * PEAK["sigma"],
    }
    (folder / "truth.json").write_text(json.dumps(truth), "utf-8")


if __name__ == "__main__":
    write(Path.cwd())
