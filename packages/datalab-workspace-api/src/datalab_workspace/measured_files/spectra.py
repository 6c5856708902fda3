"""Read the spectra of Amptek's multichannel analyzers.

Upstream: docs/upstream/sigima_reading_spectra.md
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_workspace.measured_files.arrays import with_sigima
from datalab_workspace.measured_files.notes import Notes

if TYPE_CHECKING:
    from sigima import SignalObj

_CALIBRATION = re.compile(r"^<<CALIBRATION>>\s*$(.*?)^<<", re.DOTALL | re.MULTILINE)
#: A channel and its value.
_POINT = re.compile(r"^\s*(\d\S*)[ \t]+(\S+)\s*$", re.MULTILINE)


def read_mca(path: Path, notes: Notes) -> Sequence[SignalObj]:
    """Return the spectrum of a file, with a note if its x axis is doubtful.

    Sigima draws lines from one calibration point to the next. It extends the first and
    the last of them to the ends of the spectrum, although two points that are close to
    each other determine a slope badly.
    """
    spectra = with_sigima(path, "signal")
    points = _calibration_points(path)
    if len(points) > 2:
        for spectrum in spectra:
            _note_differences(path, spectrum.x, points, notes)
    return spectra


def _calibration_points(path: Path) -> np.ndarray[Any, Any]:
    """Return the channels and values of a calibration, shape (N, 2)."""
    text = path.read_text(encoding="latin-1")  # which decodes any byte
    section = _CALIBRATION.search(text)
    points = _POINT.findall(section.group(1)) if section else []
    return np.array(points, float).reshape(-1, 2)


def _note_differences(
    path: Path, x: np.ndarray[Any, Any], points: np.ndarray[Any, Any], notes: Notes
) -> None:
    """Add a note if x differs from the line through all points by a channel or more."""
    slope, start = np.polyfit(points[:, 0], points[:, 1], 1)
    differences = np.abs(x - (start + slope * np.arange(len(x))))
    largest = int(differences.argmax())
    if slope == 0 or differences[largest] < abs(slope):
        return
    notes.add(
        "x follows the lines between neighboring calibration points; if the "
        "calibration is linear, compute x from the straight line through all of them",
        path,
        f"there, channel {largest} is at {start + slope * largest:.4g}, not at "
        f"{x[largest]:.4g}",
    )
