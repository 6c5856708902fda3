"""What a user does in DataLab, so that there is what DataLab itself makes.

Runs in DataLab's environment. Each function is given the main window with an empty
project, or one that is open, and calls what the actions of the menus call.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np


def analysis(main: Any) -> None:
    """Measure, process and analyse signals and images, in several groups."""
    from datalab.config import Conf

    # Results go to the metadata; a dialog that also shows them would wait for a user.
    with Conf.show_result_dialog.context(False):
        _signals(main)
        _images(main)
    macro = main.macropanel.add_macro()
    macro.title = "plot/é"
    macro.set_code("# -*- coding: utf-8 -*-\nprint('µ')\n")


def _compute(main: Any, name: str, param: Any = None) -> None:
    """Compute something of the selected objects, and have it recorded."""
    main.historypanel.toggle_record_mode(True)
    main.calc(name, param, edit=False)
    main.historypanel.toggle_record_mode(False)


def _signals(main: Any) -> None:
    import sigima.params
    from sigima.objects import create_signal, create_signal_roi

    main.set_current_panel("signal")
    main.add_group("raw/é", "signal", select=True)
    x = np.linspace(-3, 3, 120)
    units = {"labels": ("t", "U"), "units": ("µs", "V")}
    peak = create_signal("peak", x, np.exp(-(x**2)), metadata={"gain": 2.5}, **units)
    peak.roi = create_signal_roi([[-2.0, 2.0], [0.0, 1.0]], title="region")
    main.add_object(peak)
    _compute(main, "fwhm", sigima.params.FWHMParam.create())
    _compute(main, "stats")
    _compute(main, "fft")
    main.add_group("second", "signal", select=True)
    noisy = create_signal("noisy", x, np.cos(x), dy=np.full(120, 0.1), **units)
    main.add_object(noisy)
    _compute(main, "moving_average", sigima.params.MovingAverageParam.create(n=5))


def _images(main: Any) -> None:
    import sigima.params
    from sigima.objects import create_image, create_image_roi

    main.set_current_panel("image")
    y, x = np.mgrid[:24, :32]
    data = 1000 * np.exp(-((x - 12) ** 2 + (y - 9) ** 2) / 20)
    spot = create_image("spot", data.astype("u2"), units=("µm", "µm", "counts"))
    spot.dx, spot.dy = 0.5, 0.25
    spot.roi = create_image_roi("circle", [6.0, 2.25, 1.25], title="core")
    spot.set_annotations([{"type": "label", "text": "é"}])
    main.add_object(spot)
    _compute(main, "centroid")
    _compute(main, "stats")
    _compute(main, "gaussian_filter", sigima.params.GaussianParam.create(sigma=1.5))
    main.add_group("uneven", "image", select=True)
    uneven = create_image("uneven", data[:3, :4].astype("f4"))
    uneven.set_coords(np.array([0.0, 1.0, 10.0, 100.0]), np.array([0.0, 1.0, 5.0]))
    main.add_object(uneven)


def hard_to_draw(main: Any) -> None:
    """Add images that are sound, as far as DataLab's own checks go."""
    from sigima.objects import create_image

    pixels = np.arange(12, dtype="u2").reshape(3, 4)
    special = np.array([[np.nan, np.inf], [-0.0, 5e-324]])
    images = {
        "no-rows": create_image("", np.empty((0, 4))),
        "no-columns": create_image("", np.empty((4, 0), "u1")),
        "special-numbers": create_image("", special),
        "pixel-size": create_image("", pixels),
        "non-uniform-coordinates": create_image("", pixels),
        "lut-range": create_image("", pixels),
        # Drawn last, or a range that has no end would spoil the axes for good.
        "sound": create_image("", pixels),
    }
    images["pixel-size"].dy = -2.0
    uneven = images["non-uniform-coordinates"]
    uneven.set_coords(np.array([0.0, 1.0, 10.0, 100.0]), np.array([-1.0, np.nan, 3.5]))
    images["lut-range"].zscalemin = -1.0
    images["lut-range"].zscalemax = float("inf")
    for title, image in images.items():
        image.title = title
        main.imagepanel.add_object(image, set_current=False)


def edit(main: Any) -> None:
    """Edit the first image and its metadata."""
    image = next(iter(main.imagepanel))
    image.zunit = "edited"
    image.metadata["edited"] = [7]


def process(main: Any) -> None:
    """Duplicate, invert and rename the only image, in this order."""
    main.set_current_panel("image")
    main.imagepanel.objview.select_objects([1])
    main.imagepanel.duplicate_object()
    main.imagepanel.objview.select_objects([1])
    main.calc("inverse", edit=False)
    main.imagepanel.objview.select_objects([1])
    main.imagepanel.set_current_object_title("renamed")


def features(main: Any) -> None:
    """Tell which features DataLab has, by a macro."""
    report = {
        panel.PANEL_STR_ID: [
            (feature.name, feature.pattern, bool(feature.skip_xarray_compat))
            for feature in panel.processor.computing_registry.values()
        ]
        for panel in (main.signalpanel, main.imagepanel)
    }
    macro = main.macropanel.add_macro()
    macro.title = "features"
    macro.set_code(json.dumps(report))


def compute(main: Any) -> None:
    """Compute what an object lists in its metadata, all else being the default."""
    from datalab.config import Conf

    (calls,) = (o.metadata["calls"] for o in main.signalpanel if o.title == "calls")
    # As a user who lets signals on different x be interpolated.
    with (
        Conf.show_result_dialog.context(False),
        Conf.xarray_compat_behavior.context("interpolate"),
    ):
        for name, kind, numbers, second, values in json.loads(calls):
            panel = main.signalpanel if kind == "signal" else main.imagepanel
            main.set_current_panel(kind)
            objects = [panel.objmodel.get_object_from_number(n) for n in numbers]
            panel.objview.select_objects(objects)
            _run(panel, name, second, values)


def _run(panel: Any, name: str, second: int | None, values: dict[str, Any]) -> None:
    feature = panel.processor.get_feature(name)
    options: dict[str, Any] = {"edit": False}
    obj = panel.objview.get_sel_objects()[0]
    if feature.paramclass is not None:
        # Its defaults, as its dialog shows them: without a parameter object, DataLab
        # opens that dialog for most patterns, whatever `edit` says.
        param = options["param"] = feature.paramclass()
        for key, value in values.items():
            setattr(param, key, value)
        if hasattr(param, "update_from_obj"):
            param.update_from_obj(obj)
        if hasattr(param, "update_operation"):
            param.update_operation(None, None)
    if feature.pattern == "1_to_n":
        options["params"] = obj.roi.to_params(obj)
    if second is not None:
        options["obj2"] = panel.objmodel.get_object_from_number(second)
    panel.processor.run_feature(name, **options)


def recompute(main: Any) -> None:
    """Recompute all that has been computed, from nothing but how it was.

    The titles of what DataLab fails to recompute are left in a macro.
    """
    from datalab.gui.processor.base import (
        extract_analysis_parameters,
        extract_processing_parameters,
    )

    failed = []
    for panel in (main.signalpanel, main.imagepanel):
        for obj in list(panel):
            noted = extract_processing_parameters(obj)
            if noted is not None and noted.pattern == "1-to-1":
                if hasattr(obj, "xydata"):
                    obj.xydata = np.zeros((2, 1))
                else:
                    obj.data = np.zeros((1, 1))
                report = panel.processor.recompute_processing(obj, interactive=False)
                if not report.success:
                    failed.append(obj.title)
            noted = extract_analysis_parameters(obj)
            if noted is not None:
                for kind in ("Geometry", "Table"):
                    obj.metadata.pop(f"{kind}_{noted.func_name}_dict", None)
                if not panel.processor.recompute_analysis(obj):
                    failed.append(f"{noted.func_name} of {obj.title}")
    macro = main.macropanel.add_macro()
    macro.title = "failed"
    macro.set_code(json.dumps(failed))


def compute_again(main: Any) -> None:
    """Double the first signal, compute the second one again, and process the third."""
    main.set_current_panel("signal")
    first, second, third = main.signalpanel
    first.y = first.y * 2
    main.signalpanel.objview.select_objects([second])
    main.signalpanel.recompute_selected()
    main.signalpanel.objview.select_objects([third])
    main.calc("inverse", edit=False)


def change_and_cascade(main: Any) -> None:
    """Change the first action of the only history session, and compute the others."""
    panel = main.historypanel
    (session,) = panel.history_sessions
    assert session.is_current_state_compatible(main)
    first = session.actions[0]
    first.kwargs["param"].n = 21
    first.is_stale = True
    panel.recompute_cascade(first)
    assert not any(action.is_stale for action in session.actions)
