"""The size of a pixel that ImageJ and OME write to TIFF files.

Upstream: docs/upstream/sigima_reading_stacks.md
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    import tifffile

Image = TypeVar("Image")
_UNITS = {"micron": "µm", "microns": "µm", "um": "µm", "\\u00B5m": "µm", "μm": "µm"}
_NO_UNITS = frozenset(("", "pixel", "pixels", "inch", "inches"))


@dataclass(frozen=True)
class Calibration:
    """The size of a pixel.

    Attributes:
        dx: Its width; None if the file does not give it.
        dy: Its height.
        unit: The unit of both.
    """

    dx: float | None = None
    dy: float | None = None
    unit: str = ""

    def applied(self, image: Any) -> Any:
        """Return an image with this size of its pixels."""
        if self.dx and self.dy:
            image.dx, image.dy = self.dx, self.dy
            image.xunit = image.yunit = self.unit
        return image


def calibration(file: tifffile.TiffFile) -> Calibration:
    """Return the size of a pixel of a TIFF file.

    The resolution of other files, dots per inch of a printer, is left out: it says
    nothing about the measurement.
    """
    if file.is_ome:
        return _of_ome(file.ome_metadata or "")
    if file.is_imagej:
        return _of_imagej(file)
    return Calibration()


def _of_imagej(file: tifffile.TiffFile) -> Calibration:
    unit = str((file.imagej_metadata or {}).get("unit", ""))
    tags = file.pages.first.tags
    sizes = [_size(tags.get(name)) for name in ("XResolution", "YResolution")]
    if unit.lower() in _NO_UNITS or None in sizes:
        return Calibration()
    return Calibration(sizes[0], sizes[1], _UNITS.get(unit, unit))


def _size(tag: Any) -> float | None:
    """Return the size of a pixel from a number of pixels per unit, a fraction."""
    if tag is None:
        return None
    pixels, units = tag.value
    return units / pixels if pixels and units else None


def _of_ome(xml: str) -> Calibration:
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        return Calibration()  # entities of XML could expand without end
    try:
        root = ET.fromstring(xml)  # noqa: S314 - it declares no entities
    except ET.ParseError:
        return Calibration()
    pixels = next(
        (e for e in root.iter() if e.tag.rpartition("}")[2] == "Pixels"), None
    )
    if pixels is None:
        return Calibration()
    try:
        dx, dy = (
            float(pixels.attrib["PhysicalSizeX"]),
            float(pixels.attrib["PhysicalSizeY"]),
        )
    except (KeyError, ValueError):
        return Calibration()
    unit = pixels.get("PhysicalSizeXUnit", "µm")
    if pixels.get("PhysicalSizeYUnit", "µm") != unit:
        return Calibration()
    return Calibration(dx, dy, _UNITS.get(unit, unit))
