"""Pictures beside those kept in `reference`, which were looked at.

Remake them with ``hatch run python tests/core/test_references.py``, and look at each
that changed before it is committed. They were made with Matplotlib 3.11 and the fonts
that come with it; other versions place texts a pixel apart.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread
from sigima.objects import (
    GeometryResult,
    annotations,
    create_image,
    create_image_roi,
    create_signal,
    create_signal_roi,
)

from datalab_kernel_core import Plot, Plotter
from datalab_workspace import Workspace

FOLDER = Path(__file__).with_name("reference")
#: 400 pixels for 6.4 inches.
RESOLUTION = 62.5
#: What differs at most: the mean of all pixels, and the share of those that differ
#: clearly. Anti-aliasing and a text moved by a pixel stay below, a line moved does not.
MEAN, CLEAR, SHARE = 0.005, 0.25, 0.001

X = np.linspace(0.0, 10.0, 201)
ROWS, COLUMNS = np.mgrid[:60, :80]
SPOT = 100 * np.exp(-((COLUMNS - 40) ** 2 + (ROWS - 25) ** 2) / 200)


def signal(y: Any, title: str = "signal", x: Any = X, **options: Any) -> Any:
    described = {"labels": ("Time", "Voltage"), "units": ("s", "V")}
    return create_signal(title, x, y, **described, **options)


def image(data: Any = SPOT, title: str = "image") -> Any:
    described = {"labels": ("X", "Y", "Intensity"), "units": ("µm", "µm", "counts")}
    return create_image(title, data, **described)


def styled(style: str) -> Any:
    obj = signal(np.sin(X[::10]), style, X[::10])
    obj.metadata |= {"__curvestyle": style, "__shade": 0.2, "__baseline": -0.5}
    return obj


def pen() -> Any:
    obj = signal(np.sin(X[::10]), "pen and symbols", X[::10])
    obj.metadata |= {"color": "#d62728", "style": "DashLine", "width": 2.0}
    obj.metadata |= {"marker": "Diamond", "size": 7, "facecolor": "white"}
    return obj


def with_errors(count: int) -> Any:
    x = np.linspace(0, 10, count)
    wide = 0.2 + 0.1 * np.cos(x)
    bars = {"dx": np.full(count, 0.1), "dy": wide}
    return signal(np.sin(x), "uncertainties", x, **bars)


def logarithmic() -> Any:
    obj = signal(1 / (1 + X**2), "low pass", X + 0.01)
    obj.xscalelog = obj.yscalelog = True
    obj.autoscale = False
    obj.xscalemin, obj.xscalemax, obj.yscalemin, obj.yscalemax = 0.01, 20, 1e-3, 2
    return obj


def marked_signal() -> Any:
    obj = signal(np.exp(-((X - 5) ** 2) / 2), "peak")
    obj.roi = create_signal_roi([[1.0, 2.5]], title="background")
    half = np.sqrt(2 * np.log(2))
    for name, kind, row in (
        ("fwhm", "segment", (5 - half, 0.5, 5 + half, 0.5)),
        ("maximum", "marker", (5.0, np.nan)),
        ("foot", "point", (7.5, 0.05)),
    ):
        result = GeometryResult.from_coords(name, kind, np.array([row]))
        obj.metadata[f"Geometry_{name}_dict"] = result.to_dict()
    return obj


def annotated_signal() -> Any:
    obj = signal(np.sin(X), "annotated")
    obj.set_graphical_annotations(
        [
            annotations.CursorAnnotation(position=3.0, title="cursor"),
            annotations.CursorAnnotation(
                orientation="crosshair", position=(6.0, 0.5), title="cross"
            ),
            annotations.RangeAnnotation(axis="x", start=1, end=2, title="range"),
            annotations.RangeAnnotation(axis="y", start=-0.8, end=-0.6, title="level"),
        ]
    )
    return obj


def placed_image() -> Any:
    obj = image(SPOT, "0.5 µm from 10 µm on")
    obj.set_uniform_coords(0.5, 0.5, x0=10, y0=5)
    obj.zscalemin, obj.zscalemax = 20.0, 80.0
    obj.metadata |= {"__colormap": "gray", "__invert_colormap": True}
    return obj


def uneven_image() -> Any:
    obj = image(np.ma.masked_less(SPOT[10:50:10, 10:70:10], 10), "uneven, masked")
    obj.set_coords(np.array([0, 1, 3, 7, 15, 31.0]), np.array([0, 1, 3, 7.0]))
    return obj


def regions() -> Any:
    obj = image(SPOT, "regions of interest")
    roi = create_image_roi("rectangle", [5, 8, 20, 12], title="box")
    others = (
        ("circle", [55, 25, 9], "hole", True),
        ("polygon", [20, 40, 50, 40, 40, 55], "triangle", False),
    )
    for kind, coords, title, inverse in others:
        roi.add_roi(create_image_roi(kind, coords, title=title, inverse=inverse))
    obj.roi = roi
    return obj


def geometry() -> Any:
    obj = image(SPOT, "geometry results")
    for kind, row in {
        "segment": [5, 5, 20, 10],
        "rectangle": [50, 6, 20, 15],
        "circle": [15, 40, 8],
        "ellipse": [60, 45, 12, 6, 0.6],
        "polygon": [30, 45, 45, 50, 35, 57],
        "point": [40, 25],
        "marker": [70, 28],
    }.items():
        result = GeometryResult.from_coords(kind, kind, np.array([row], float))
        obj.metadata[f"Geometry_{kind}_dict"] = result.to_dict()
    return obj


def annotated_image() -> Any:
    obj = image(SPOT, "annotations")
    obj.set_graphical_annotations(
        [
            annotations.PointAnnotation(x=10, y=10, title="point"),
            annotations.SegmentAnnotation(x0=20, y0=10, x1=40, y1=6, title="segment"),
            annotations.RectangleAnnotation(
                x=60, y=15, width=20, height=8, angle=0.4, title="oblique"
            ),
            annotations.CircleAnnotation(cx=15, cy=40, radius=7, title="circle"),
            annotations.EllipseAnnotation(
                cx=60, cy=45, radius_x=10, radius_y=5, angle=0.5, title="ellipse"
            ),
            annotations.PolylineAnnotation(
                points=((30, 50), (35, 55), (40, 45)), title="polyline"
            ),
            annotations.PolygonAnnotation(
                points=((45, 30), (50, 38), (40, 38)), title="polygon"
            ),
            annotations.TextAnnotation(text="text", x=2, y=55),
            annotations.TextAnnotation(
                text="corner", x=1, y=0, coordinate_space="axes", anchor="bottom-right"
            ),
        ]
    )
    return obj


def turning() -> Any:
    return signal(np.exp(1j * X - X / 10), "complex")


def noise(side: int) -> Any:
    return np.random.default_rng(0).normal(SPOT[25, 40], 20, (side, side))


def dated() -> Any:
    obj = signal(np.sin(X), "dates")
    start = np.datetime64("2025-06-19T22:00")
    obj.set_x_from_datetime(start + np.arange(X.size) * np.timedelta64(90, "s"))
    obj.roi = create_signal_roi([[obj.x[60], obj.x[90]]], title="night")
    return obj


def spectrogram() -> Any:
    """Eight rows, one brighter than the other, much longer than high."""
    return image(np.arange(8.0)[:, np.newaxis] + np.sin(np.arange(20_000) / 1000))


def hot_pixel(side: int) -> Any:
    data = noise(side)
    data[side // 2, side // 3] = 5000.0
    return image(data, "hot pixel")


def decades() -> Any:
    obj = image(10.0 ** (SPOT / 25), "decades")
    obj.set_uniform_coords(1.0, 1.0, x0=1.0, y0=1.0)
    return obj


LONG = "wiener(gaussian_filter(fabry_perot_2025-06-19_run_017)) number"
NOISE = image(noise(60), "noise")
SINES = [signal(np.sin(X + k / 3), f"sine {k}") for k in range(12)]

SCENES: dict[str, Callable[[Plotter], Plot]] = {
    "signal": lambda p: p.plot(SINES[0]),
    **{
        f"style_{style.lower()}": lambda p, style=style: p.plot(styled(style))
        for style in ("Lines", "Sticks", "Steps", "Dots")
    },
    "pen": lambda p: p.plot(pen()),
    "error_bars": lambda p: p.plot(with_errors(21)),
    "error_band": lambda p: p.plot(with_errors(2001)),
    "logarithmic": lambda p: p.plot(logarithmic()),
    "gaps": lambda p: p.plot(np.where(np.abs(X - 5) < 2, np.nan, np.sin(X))),
    "spike": lambda p: p.plot(np.eye(1, 1_000_000, 300_000)[0]),
    "polar": lambda p: p.plot(turning()),
    "cartesian": lambda p: p.plot(turning(), complex_as="cartesian"),
    "overlaid": lambda p: p.plot([SINES[0], SINES[5], signal(X / 10, "ramp")]),
    "many": lambda p: p.plot(SINES, "Twelve signals"),
    "marked_signal": lambda p: p.plot(marked_signal()),
    "annotated_signal": lambda p: p.plot(annotated_signal()),
    "image": lambda p: p.plot(image()),
    "placed_image": lambda p: p.plot(placed_image()),
    "uneven_image": lambda p: p.plot(uneven_image()),
    "reduced_image": lambda p: p.plot(np.kron(np.eye(5), np.ones((1000, 1000)))),
    "complex_image": lambda p: p.plot(
        image(SPOT * np.exp(1j * COLUMNS / 10)), complex_as="polar"
    ),
    "regions": lambda p: p.plot(regions()),
    "geometry": lambda p: p.plot(geometry()),
    "annotated_image": lambda p: p.plot(annotated_image()),
    "own_scales": lambda p: p.plot([image(), NOISE]),
    "shared_scale": lambda p: p.plot([image(), NOISE], "Shared", shared_scale=True),
    "mixed": lambda p: p.plot([SINES[0], SINES[5], image(), NOISE], "Signals, images"),
    "dates": lambda p: p.plot(dated()),
    "limits": lambda p: p.plot(
        SINES[0], xlim=(2, 8), ylim=(None, 0.5), grid=False, aspect=2
    ),
    "symlog": lambda p: p.plot(signal(X * np.sinh(X - 5), "symlog"), ylog="symlog"),
    "counts": lambda p: p.plot(np.maximum(50 - 10 * X, 0).round(), ylog=True),
    "long_image": lambda p: p.plot(spectrogram()),
    "hot_pixel": lambda p: p.plot(hot_pixel(60)),
    "hot_pixel_max": lambda p: p.plot(hot_pixel(3000), reduce="max", vmax=5000),
    "log_norm": lambda p: p.plot(decades(), norm="log", grid=True),
    "log_axes": lambda p: p.plot(decades(), xlog=True, ylog=True, clip=(5, 95)),
    "long_titles": lambda p: p.plot([image(title=f"{LONG} {k}") for k in range(3)]),
    "long_legend": lambda p: p.plot(
        [signal(np.sin(X + k / 3), f"{LONG} {k}") for k in range(8)]
    ),
    "without_overlays": lambda p: p.plot(
        annotated_image(), roi=False, results=False, annotations=False
    ),
}


def picture(scene: str) -> bytes:
    """Draw a scene as it is in the reference, whatever the user's settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        return SCENES[scene](Plotter(Workspace))._rendered("png", RESOLUTION)


def differences(first: bytes, second: bytes) -> tuple[float, float]:
    """Return the mean difference of pictures, and the share of clear differences."""
    one, other = (imread(BytesIO(png))[..., :3] for png in (first, second))
    if one.shape != other.shape:
        return 1.0, 1.0
    distance = np.abs(one - other).max(axis=2)
    return float(distance.mean()), float((distance > CLEAR).mean())


def alike(first: bytes, second: bytes) -> bool:
    mean, share = differences(first, second)
    return mean <= MEAN and share <= SHARE


@pytest.mark.parametrize("scene", SCENES)
def test_pictures_are_those_that_were_looked_at(scene: str, tmp_path: Path) -> None:
    drawn = picture(scene)
    (tmp_path / "drawn.png").write_bytes(drawn)
    kept = (FOLDER / f"{scene}.png").read_bytes()

    assert alike(drawn, kept), (differences(drawn, kept), tmp_path / "drawn.png")


def test_every_picture_that_is_kept_is_compared() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(SCENES)


def test_pictures_that_differ_by_one_shape_are_not_alike() -> None:
    moved = regions()
    moved.roi.single_rois[0].coords[0] += 3
    with mpl.rc_context():
        mpl.rcdefaults()
        drawn = Plotter(Workspace).plot(moved)._rendered("png", RESOLUTION)

    assert not alike(drawn, (FOLDER / "regions.png").read_bytes())
    assert not alike(picture("style_lines"), picture("style_steps"))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in SCENES:
        (FOLDER / f"{name}.png").write_bytes(picture(name))
