"""The programs that `docs/comparison.md` compares: their results, and those stated."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from support.documentation import DOCS, script_of

SCRIPTS = DOCS / "comparison"
PAGE = DOCS / "comparison.md"


class Outcome(NamedTuple):
    """The results of one program.

    Attributes:
        particles: Their number.
        error: Root mean square of the distances to the true positions, in pixels.
        diameter: Mean of the diameters, in pixels.
        position: Position of the peak, in nm.
        fwhm: Full width at half maximum of the peak, in nm.
    """

    particles: int
    error: float
    diameter: float
    position: float
    fwhm: float

    def rounded(self) -> Outcome:
        """Return the results with the digits that the page shows."""
        digits = (0, 3, 3, 4, 4)
        return Outcome(*map(round, self, digits))


def measurement(folder: Path) -> None:
    """Write the files of the task into a folder."""
    script_of(SCRIPTS / "measurement.py").write(folder)


def outcome(folder: Path) -> Outcome:
    """Return the results that a program has written into a folder."""
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    found = _rows(folder / "particles.csv")
    at = np.array([[float(row["x"]), float(row["y"])] for row in found])
    distances = np.hypot(*(at[:, None] - np.array(truth["centres"])).T).min(axis=0)
    diameters = [float(row["diameter"]) for row in found]
    fit = _rows(folder / "fit.csv")
    # A table of the workspace has one row for each value.
    values = {row["quantity"]: row["value"] for row in fit if "quantity" in row}
    position = values.get("x0") or fit[0]["position"]
    fwhm = values.get("fwhm") or fit[0]["fwhm"]
    error = float(np.sqrt(np.mean(distances**2)))
    diameter = float(np.mean(diameters))
    return Outcome(len(found), error, diameter, float(position), float(fwhm))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def stated() -> dict[str, Outcome]:
    """Return the results that the page shows, by the names of the scripts."""
    rows = re.findall(
        r"^\| \[.*\]\(comparison/(\w+)\.py\).* \| (\d+) \| ([\d.]+) \| ([\d.]+)"
        r" \| ([\d.]+)(?: ± [\d.]+)? \| ([\d.]+) \|$",
        PAGE.read_text("utf-8"),
        re.MULTILINE,
    )
    return {
        script: Outcome(int(number), *map(float, values))
        for script, number, *values in rows
    }
