"""The features are found: as attributes of calc, in a table, and by other words."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
from inspect import Parameter
from typing import Any

import numpy as np
import pytest

from datalab_workspace import FeatureNotFoundError, Workspace
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.model.record import KINDS
from datalab_workspace.processing.everyday_words import FEATURES_BY_WORD
from datalab_workspace.processing.feature_table import feature_info, kinds_of
from datalab_workspace.processing.features import feature_names, features
from datalab_workspace.processing.menus import known_names
from datalab_workspace.processing.parameter_info import (
    FROM_OBJECT,
    REQUIRED,
    parameters_of,
)
from datalab_workspace.processing.parameters import make_parameters

LAZY = """
import sys
from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
calc = Workspace(backend=MemoryBackend()).calc
repr(calc), callable(calc), calc.__doc__
for probe in ("_repr_html_", "_ipython_display_", "__wrapped__", "_nothing"):
    assert not hasattr(calc, probe)
assert "sigima" not in sys.modules
assert "fft" in dir(calc)
"""
#: A parameter whose value sigima composes from the others.
COMPOSED = "operation"
#: A feature among the first three of each everyday word.
FOUND = {
    "otsu": "threshold_otsu",
    "blur": "gaussian_filter",
    "smooth": "gaussian_filter",
    "smoothing": "moving_average",
    "median": "moving_median",
    "crop": "extract_roi",
    "cut": "extract_roi",
    "background": "offset_correction",
    "baseline": "detrending",
    "drift": "detrending",
    "peaks": "peak_detection",
    "peak positions": "extract_peak_positions",
    "denoise": "gaussian_filter",
    "denoising": "gaussian_filter",
    "despike": "moving_median",
    "fit": "gaussian_fit",
    "curve fit": "gaussian_fit",
    "line": "linear_fit",
    "parabola polynomial": "polynomial_fit",
    "lorentz": "lorentzian_fit",
    "derivative": "derivative",
    "differentiate": "derivative",
    "slope": "derivative",
    "integrate": "integral",
    "area": "integral",
    "fft": "fft",
    "fourier": "fft",
    "spectrum": "fft",
    "frequencies": "magnitude_spectrum",
    "power spectrum": "psd",
    "histogram": "histogram",
    "distribution": "histogram",
    "rotate": "rotate",
    "turn": "rotate",
    "mirror": "fliph",
    "flip": "flipv",
    "shift": "translate",
    "average": "average",
    "mean": "average",
    "statistics": "stats",
    "std": "stats",
    "minimum": "x_at_minmax",
    "threshold": "threshold",
    "binarize": "threshold",
    "resolution": "fwhm",
    "width": "fwhm",
    "linewidth": "fwhm",
    "edges": "canny",
    "gradient": "derivative",
    "noise": "add_gaussian_noise",
    "circle": "hough_circle_peaks",
    "blobs": "blob_log",
    "particles": "blob_log",
    "centre": "centroid",
    "profile": "line_profile",
    "contrast": "adjust_brightness_contrast",
    "brightness": "adjust_brightness_contrast",
    "nan": "replace_special_values",
    "resample": "resampling",
    "downsample": "resampling",
    "interpolate": "interpolate",
    "zoom": "resize",
    "bin": "binning",
    "pad": "zero_padding",
    "window": "apply_window",
    "notch": "bandstop",
    "add": "addition",
    "subtract": "difference",
    "multiply": "product",
    "divide": "division",
    "log": "log10",
    "square root": "sqrt",
    "angle": "phase",
    "units": "calibration",
    "convert": "astype",
    "rise time": "extract_pulse_features",
    "sinad": "dynamic_parameters",
    "flat field": "flatfield",
    "remove background": "offset_correction",
    "outlier": "moving_median",
    "outliers": "moving_median",
    "hot pixels": "moving_median",
    "invert": "inverse",
    "stretch": "rescale_intensity",
    "savitzky golay": "gaussian_filter",
    "merge": "addition",
    "autocorrelation": "psd",
}


@pytest.fixture
def workspace() -> Workspace:
    """A signal, peak, and an image, spot."""
    workspace = Workspace(backend=MemoryBackend())
    workspace.add("peak", np.exp(-(np.linspace(-3, 3, 50) ** 2)))
    workspace.add("spot", np.outer(np.hanning(9), np.hanning(9)))
    return workspace


# -- attributes of calc ---------------------------------------------------------------


def test_an_attribute_computes_what_the_call_computes(workspace: Workspace) -> None:
    name = workspace.calc("gaussian_filter", on="peak", sigma=2.0)

    assert workspace.calc.gaussian_filter("peak", sigma=2.0) == name
    assert workspace.calc.gaussian_filter(on="peak", param={"sigma": 2.0}) == name
    assert len(workspace) == 3


def test_operands_may_be_passed_by_position(workspace: Workspace) -> None:
    workspace.select("spot")

    assert workspace.calc.difference("peak", "peak") == "s001-s001"
    assert workspace.calc.average(["peak", "peak"]) == "µ(s001, s001)"
    assert workspace.calc.fliph() == "fliph(i001)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda calc: calc(), r"calc\(\) needs the name of a feature.*features\(\)"),
        (lambda calc: calc(on="peak"), "needs the name of a feature"),
        (lambda calc: calc.average("peak", "peak"), r"calc.average\(\['a', 'b'\]\)"),
        (lambda calc: calc.difference("a", "b", 1), "two positional arguments"),
        (lambda calc: calc.difference("a", "b", with_="b"), "two values for 'with_'"),
        (lambda calc: calc.gaussian_filter("peak", sgma=1), "did you mean 'sigma'"),
        (lambda calc: calc.fft("peak", with_="peak"), "takes one object"),
    ],
)
def test_a_wrong_call_says_what_is_right(workspace: Workspace, call, message) -> None:
    with pytest.raises(TypeError, match=message):
        call(workspace.calc)


def test_every_feature_is_an_attribute(workspace: Workspace) -> None:
    assert dir(workspace.calc) == feature_names()
    for name in feature_names():
        call = getattr(workspace.calc, name)
        assert call.__name__ == name
        assert repr(call).startswith(f"<feature {name}(on=None")
        menu = feature_info(name, kinds_of(name)).menu
        assert f"In DataLab: {menu}" in " ".join(call.__doc__.split())
        assert max(map(len, call.__doc__.splitlines())) <= 88
        for parameter in inspect.signature(call).parameters.values():
            assert f"\n    {parameter.name}: " in call.__doc__
            assert parameter.annotation is not Parameter.empty


@pytest.mark.parametrize("kind", KINDS)
def test_the_defaults_of_a_signature_are_those_of_the_computation(
    workspace: Workspace, kind
) -> None:
    obj = workspace.get({"signal": "peak", "image": "spot"}[kind])
    for name, feature in features(kind).items():
        infos = parameters_of(name, kind)
        given = {info.name: 1 for info in infos if info.default is REQUIRED}
        used = make_parameters(feature, None, given, obj)
        for info in infos:
            if info.default not in (REQUIRED, FROM_OBJECT) and info.name != COMPOSED:
                value = getattr(used, info.name)
                public = getattr(value, "value", value)
                assert public == info.default, (name, info)
            if info.choices and info.default is not FROM_OBJECT:
                assert info.default in info.choices


def test_a_signature_has_the_parameters_of_both_kinds(workspace: Workspace) -> None:
    call = workspace.calc.peak_detection
    parameters = inspect.signature(call).parameters

    assert repr(parameters["threshold"].default) == "<0.1 for signals, 0.5 for images>"
    assert parameters["min_dist"].default == 1
    assert "min_dist: For signals: " in call.__doc__
    assert "size: For images: " in call.__doc__


def test_a_signature_shows_what_must_be_given_and_what_depends() -> None:
    calc = Workspace(backend=MemoryBackend()).calc
    required = inspect.signature(calc.addition_constant).parameters["value"]
    dependent = inspect.signature(calc.lowpass).parameters["cut0"]

    assert required.default is Parameter.empty
    assert repr(dependent.default) == "<from the object>"
    assert (
        "cut0: Cutoff frequency in Hz: a number greater than 0, or"
        in calc.lowpass.__doc__
    )
    assert "from 1 to 10" in calc.polynomial_fit.__doc__
    assert "title: ROI title: a string." in calc.extract_roi.__doc__


def test_a_signature_says_what_is_returned() -> None:
    calc = Workspace(backend=MemoryBackend()).calc
    returned = {
        name: inspect.signature(getattr(calc, name)).return_annotation
        for name in ("fft", "addition", "extract_roi", "stats", "peak_detection")
    }

    assert returned["fft"] == str | list[str]
    assert returned["addition"] is str
    assert returned["extract_roi"] == list[Any]
    assert returned["stats"] is returned["peak_detection"] is Any

    assert "in Hz" in calc.lowpass.__doc__


def test_sigima_is_imported_for_an_attribute_and_not_before() -> None:
    subprocess.run([sys.executable, "-c", LAZY], check=True, timeout=120)


def test_calc_and_its_features_can_be_copied(workspace: Workspace) -> None:
    for make in (copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))):
        assert make(workspace.calc).gaussian_filter("peak", sigma=1.0)
        assert make(workspace.calc.gaussian_filter)("peak", sigma=1.0)


# -- suggestions ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "on", "message"),
    [
        ("otsu", "spot", "did you mean 'threshold_otsu'"),
        ("otsu", "peak", "for images there is 'threshold_otsu'"),
        ("blur", "peak", "did you mean 'gaussian_filter'"),
        ("gausian_filter", "peak", "did you mean 'gaussian_filter'"),
        ("peaks", "peak", "did you mean 'peak_detection'"),
        ("crop", "spot", "did you mean 'extract_roi'"),
        ("compute_fft", "peak", "it is called 'fft' here"),
        ("zzzz", "peak", r"workspace.features\('signal'\) lists them all"),
    ],
)
def test_an_unknown_name_is_answered_with_the_right_one(
    workspace: Workspace, name: str, on: str, message: str
) -> None:
    with pytest.raises(FeatureNotFoundError, match=message):
        workspace.calc(name, on=on)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("otsu", "did you mean 'threshold_otsu'"),
        ("fliphh", "did you mean 'fliph'"),
        ("all_edges", "use sobel"),
        ("zzzz", r"workspace.features\(\) lists them all"),
    ],
)
def test_an_unknown_attribute_is_answered_with_the_right_one(
    workspace: Workspace, name: str, message: str
) -> None:
    with pytest.raises(AttributeError, match=message):
        getattr(workspace.calc, name)


# -- the table ------------------------------------------------------------------------


def test_the_table_lists_every_feature_once(workspace: Workspace) -> None:
    assert sorted(info.name for info in workspace.features()) == feature_names()
    for kind in KINDS:
        names = [info.name for info in workspace.features(kind)]
        assert sorted(names) == sorted(features(kind))
        assert {info.kinds for info in workspace.features(kind)} == {(kind,)}


def test_everything_in_the_table_is_plain_text(workspace: Workspace) -> None:
    for info in workspace.features():
        for text in (info.does, info.gives, info.takes):
            assert text
            assert not text.endswith("following functions")
            assert not {*"`\n{}"} & {*text}, info
            assert "**" not in text
            assert ":py" not in text


def test_the_table_is_a_dataframe_too(workspace: Workspace) -> None:
    frame = workspace.features("image").to_dataframe()

    assert frame.menu["canny"] == "Processing > Edge detection > Canny filter"
    assert frame.gives["line_profile"] == "the name of a new signal"
    assert frame.gives["centroid"] == "an analysis result, or None"
    assert repr(workspace.features(search="zzzz")) == "no features"


def test_the_table_shows_menus_results_and_parameters(workspace: Workspace) -> None:
    table = workspace.features(search="smooth")

    assert repr(table[:1]) == (
        "gaussian_filter\n"
        "    Compute gaussian filter with scipy.ndimage.gaussian_filter\n"
        "    In DataLab: Processing > Noise reduction > Gaussian filter\n"
        "    Gives the name of a new signal or image\n"
        "    Parameters: sigma=1.0"
    )
    assert type(table[:2]) is type(table)
    assert table[-1].name == table[len(table) - 1].name


@pytest.mark.parametrize(("word", "expected"), FOUND.items())
def test_everyday_words_find_a_feature(
    workspace: Workspace, word: str, expected: str
) -> None:
    found = [info.name for info in workspace.features(search=word)]

    assert expected in found[:3], found


def test_parameters_and_descriptions_are_searched(workspace: Workspace) -> None:
    assert "erosion" in [info.name for info in workspace.features(search="radius")]
    assert "wiener" in [info.name for info in workspace.features(search="scipy.signal")]


def test_everyday_words_mean_features_that_exist() -> None:
    meant = {name for names in FEATURES_BY_WORD.values() for name in names}

    assert meant <= {*feature_names()}


def test_the_features_known_without_sigima_are_those_of_sigima() -> None:
    assert known_names() == feature_names()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ({"kind": "signals"}, ValueError, "'signal', 'image'; did you mean 'signal'"),
        ({"search": 3}, TypeError, "expected a string for search, got int"),
        ({"serach": "fft"}, TypeError, "did you mean 'search'"),
    ],
)
def test_wrong_arguments_are_refused(workspace: Workspace, call, error, message):
    with pytest.raises(error, match=message):
        workspace.features(**call)


def test_a_result_of_two_kinds_is_described_for_both() -> None:
    info = feature_info("peak_detection", KINDS)

    assert info.gives == (
        "signal: the name of a new signal; image: an analysis result, or None"
    )
    assert (
        info.menu
        == "signal: Analysis > Peak detection; image: Analysis > 2D peak detection"
    )


def test_a_feature_of_regions_gives_a_list(workspace: Workspace) -> None:
    info = feature_info("extract_roi", KINDS)

    assert info.gives == "a list of names, of a new signal or image for each region"
    assert "A list of such lists if `on` is a list." in " ".join(
        workspace.calc.extract_roi.__doc__.split()
    )
