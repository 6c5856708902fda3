"""Write the page from DataLab's menus to code: ``python docs/menus_page.py``.

The lines of the features come from the table of `Workspace.features`, the others from
`WINDOW` and `CREATE`. A test fails if the page is not what this module writes. Others
run its lines, and compare the entries with the menus of the real window.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.model.record import KINDS, Kind
from datalab_workspace.processing.feature_table import FeatureInfo
from datalab_workspace.processing.menus import SEPARATOR, menu_path

PAGE = Path(__file__).parent / "reference" / "menus.md"
_INTRODUCTION = """\
# From DataLab's menus to code

Find an entry of DataLab's menus, and the line that does the same. The entries are those
of DataLab 1.3, in the order of its menus.

In these lines, `"peak"` and `"noisy"` are signals, `"spot"` and `"flat"` are images,
and `"smooth"` is an object that was computed. Put the names of your own objects in
their place. A notebook with the DataLab kernel knows `workspace`, `plotter` and
`sigima`. The lines also need `from sigima import objects` and
`import datalab_workspace as dlw`.

Most entries are the same for signals and for images: pass the name of either. Where a
feature has parameters, the line shows some of them, with their defaults. The page
[Features](features.md) has all of them. `calc` returns the name of the result.
"""
_HEAD = """\
| DataLab | code |
| --- | --- |
"""
_MENUS = [
    "File",
    "Create",
    "Edit",
    "ROI",
    "Operations",
    "Processing",
    "Analysis",
    "View",
]
#: The menu of features that DataLab's window does not show.
ELSEWHERE = "Not in the menus"
_MENUS.append(ELSEWHERE)
_NAMES: dict[Kind, tuple[str, str]] = {
    "signal": ("peak", "noisy"),
    "image": ("spot", "flat"),
}
#: Values of parameters that have no default.
_VALUES = {"value": "2.0", "n": "1.0", "min_radius": "5", "max_radius": "20"}
_VALUES["min_distance"] = "10"
#: How many parameters that have a default are shown.
_SHOWN = 2


class Line(NamedTuple):
    """An entry of DataLab's menus, and its code.

    Attributes:
        path: The titles of the menus and of the entry.
        code: The line of code.
    """

    path: tuple[str, ...]
    code: str


def _changed(name: str, change: str) -> str:
    """Return the line that changes an image and puts it back."""
    return f'image = workspace.get("{name}"); {change}; workspace["{name}"] = image'


#: Entries that are not features, by menu.
WINDOW: dict[str, dict[str, str]] = {
    "File": {
        "Open signal": 'workspace.read("data.csv")',
        "Open image": 'workspace.read("image.tif")',
        "Open from directory": 'workspace.read("folder", group="folder")',
        "Save signal": 'workspace.export("peak", "peak.csv")',
        "Save image": 'workspace.export("spot", "spot.tif")',
        "Save to directory": 'workspace.export(workspace.list(), "out/", format="npy")',
        "Import text file": 'workspace.read("text.csv", sep=";", decimal=",")',
        "Open HDF5 files": 'workspace.load("analysis.h5")',
        "Save to HDF5 file": 'workspace.save("analysis.h5")',
        "Browse HDF5 file": 'dlw.open("analysis.h5").describe()',
    },
    "Edit": {
        "Recompute": 'workspace.recompute("smooth")',
        "Select source objects": 'workspace.history("smooth").inputs',
        "Rename": 'workspace.rename("peak", "line")',
        "New group": 'workspace.move(["peak", "noisy"], group="Monday")',
        "Duplicate": 'workspace.add("copy", workspace.get("peak"))',
        "Remove": 'workspace.remove("peak", "spot")',
        "Delete all": "workspace.clear(all=True)",
        "Metadata > Copy metadata": 'metadata = workspace.get("peak").metadata',
        "Metadata > Paste metadata": 'workspace.edit("noisy", metadata=metadata)',
        "Metadata > Add metadata": 'workspace.edit("peak", metadata={"gain": 3})',
        "Metadata > Export metadata": (
            'sigima.io.write_metadata("peak.json", workspace.get("peak").metadata)'
        ),
        "Metadata > Import metadata": (
            'workspace.edit("noisy", metadata=sigima.io.read_metadata("peak.json"))'
        ),
        "Metadata > Delete object metadata": _changed("spot", "image.metadata = {}"),
        "Annotations > Copy annotations": (
            'annotations = workspace.get("spot").get_annotations()'
        ),
        "Annotations > Paste annotations": _changed(
            "flat", "image.set_annotations(annotations)"
        ),
        "Annotations > Edit annotations": _changed(
            "spot", "image.add_graphical_annotation(objects.PointAnnotation(x=9, y=9))"
        ),
        "Annotations > Export annotations": (
            'sigima.io.write_annotations("notes.json", '
            'workspace.get("spot").get_annotations())'
        ),
        "Annotations > Import annotations": _changed(
            "flat", 'image.set_annotations(sigima.io.read_annotations("notes.json"))'
        ),
        "Annotations > Delete annotations": _changed(
            "spot", "image.clear_annotations()"
        ),
        "Copy titles to clipboard": "workspace.list()",
    },
    "ROI": {
        "Edit graphically": 'plotter.explore("spot", edit_roi=True)',
        "Edit numerically": (
            'workspace.edit("spot", roi=objects.create_image_roi("circle", [9, 9, 4]))'
        ),
        "Copy": 'roi = workspace.get("spot").roi',
        "Paste": 'workspace.edit("flat", roi=roi)',
        "Export": 'sigima.io.write_roi("roi.json", workspace.get("spot").roi)',
        "Import": 'workspace.edit("flat", roi=sigima.io.read_roi("roi.json"))',
    },
    "Processing": {
        "Geometry > Distribute on a grid": (
            'for i, name in enumerate(["spot", "flat"]): '
            "workspace.edit(name, x0=20.0 * i)"
        ),
        "Geometry > Reset image positions": (
            'for name in ["spot", "flat"]: workspace.edit(name, x0=0.0, y0=0.0)'
        ),
    },
    "Analysis": {
        "Show results": "workspace.results()",
    },
    "View": {
        "View in a new window": 'plotter.explore("peak")',
        "View images side-by-side": 'plotter.plot(["spot", "flat"])',
        "Show contrast panel": 'plotter.plot("spot", clip=(1, 99))',
        "History Panel": 'workspace.history("smooth")',
    },
}
#: Classes of parameters of the new signals and images.
CREATE: dict[Kind, dict[str, str]] = {
    "signal": {
        "Zero": "ZeroParam",
        "Normal distribution": "NormalDistribution1DParam",
        "Poisson distribution": "PoissonDistribution1DParam",
        "Uniform distribution": "UniformDistribution1DParam",
        "Gaussian": "GaussParam",
        "Lorentzian": "LorentzParam",
        "Voigt": "VoigtParam",
        "Blackbody (Planck's law)": "PlanckParam",
        "Sine": "SineParam",
        "Cosine": "CosineParam",
        "Sawtooth": "SawtoothParam",
        "Triangle": "TriangleParam",
        "Square": "SquareParam",
        "Cardinal sine": "SincParam",
        "Linear chirp": "LinearChirpParam",
        "Step": "StepParam",
        "Exponential": "ExponentialParam",
        "Logistic": "LogisticParam",
        "Pulse": "PulseParam",
        "Step pulse": "StepPulseParam",
        "Square pulse": "SquarePulseParam",
        "Polynomial": "PolyParam",
    },
    "image": {
        "Zero": "Zero2DParam",
        "Normal distribution": "NormalDistribution2DParam",
        "Poisson distribution": "PoissonDistribution2DParam",
        "Uniform distribution": "UniformDistribution2DParam",
        "Gaussian": "Gauss2DParam",
        "2D sinc": "Sinc2DParam",
        "Ring pattern": "Ring2DParam",
        "Ramp": "Ramp2DParam",
        "Checkerboard": "Checkerboard2DParam",
        "Sinusoidal grating": "SinusoidalGrating2DParam",
        "Siemens star": "SiemensStar2DParam",
    },
}


def window_lines() -> list[Line]:
    """Return the lines of the entries that are not features."""
    lines = [
        Line((menu, *entry.split(SEPARATOR)), code)
        for menu, entries in WINDOW.items()
        for entry, code in entries.items()
    ]
    for kind, entries in CREATE.items():
        for entry, name in entries.items():
            made = f"objects.create_{kind}_from_param(objects.{name}())"
            lines.append(Line(("Create", entry), f"workspace.add({made})"))
    return lines


def feature_lines() -> list[Line]:
    """Return the lines of the features."""
    workspace = Workspace(backend=MemoryBackend())
    lines: list[Line] = []
    known: set[Line] = set()
    for kind in KINDS:
        for info in workspace.features(kind):
            path = menu_path(info.name, kind)
            titles = path.split(SEPARATOR) if path else [ELSEWHERE, info.does]
            # The line for a signal is that for an image, but for its name.
            general = Line(tuple(titles), _call(info, "", ""))
            if general not in known:
                lines.append(Line(general.path, _call(info, *_NAMES[kind])))
            known.add(general)
    return lines


def page() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    window, features = window_lines(), feature_lines()
    for menu in _MENUS:
        parts.append(f"\n## {menu}\n")
        # There, the window has its own entries after the features.
        lines = features + window if menu == "Processing" else window + features
        of_menu = [line for line in lines if line.path[0] == menu]
        parts += _tables(of_menu) if menu != "Create" else _create_tables(of_menu)
    return "".join(parts)


def _create_tables(lines: Iterable[Line]) -> Iterable[str]:
    """Return a table for each kind: the panels of DataLab have different menus."""
    for kind in KINDS:
        of_kind = [line for line in lines if f"create_{kind}" in line.code]
        yield f"\n### New {kind}s\n"
        yield from _tables(of_kind)


def _tables(lines: Iterable[Line]) -> Iterable[str]:
    """Return a table for the entries of the menu itself, and one for each submenu."""
    by_submenu: dict[str, list[Line]] = {}
    for line in lines:
        by_submenu.setdefault(SEPARATOR.join(line.path[1:-1]), []).append(line)
    for submenu, rows in sorted(by_submenu.items(), key=lambda item: item[0] != ""):
        yield f"\n### {submenu}\n\n{_HEAD}" if submenu else f"\n{_HEAD}"
        yield from (f"| {row.path[-1]} | `{row.code}` |\n" for row in rows)


def _call(info: FeatureInfo, first: str, second: str) -> str:
    """Return the line that computes a feature from objects with these names."""
    arguments = [f'"{first}"']
    if info.takes.startswith("two"):
        arguments.append(f'with_="{second}"')
    elif info.takes.startswith("several"):
        arguments = [f'["{first}", "{second}"]']
    required = [name for name in info.parameters if "=" not in name]
    optional = [
        text.replace("'", '"')
        for text in info.parameters
        if "=" in text and not text.endswith(("=None", "=''", "=<from the object>"))
    ]
    arguments += [f"{name}={_VALUES[name]}" for name in required]
    arguments += optional[: max(_SHOWN - len(required), 0)]
    return f"workspace.calc.{info.name}({', '.join(arguments)})"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
