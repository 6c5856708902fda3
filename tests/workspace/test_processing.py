"""Every feature of sigima's, and what goes on around their computation."""

from __future__ import annotations

import re
import threading
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sigima.enums import FilterMode
from sigima.params import GaussianParam, MovingAverageParam
from sigima.proc import title_formatting

import datalab_workspace as dlw
from datalab_workspace import LiveUnavailableError, Workspace
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.model.record import KINDS, Kind
from datalab_workspace.processing import result_writer
from datalab_workspace.processing.calculation import Calculation
from datalab_workspace.processing.features import _WINDOWS_ONLY, features
from datalab_workspace.processing.titles import datalab_titles, with_short_ids
from datalab_workspace.testing.samples.operands import sources
from datalab_workspace.transaction import Transaction
from support.every_feature import EVERY, FAILING, arguments

FOUND_NOTHING = {("signal", "bandwidth_3db"), ("image", "blob_dog")}


def message_of(error: BaseException) -> str:
    """What an error says with its notes; before Python 3.11 they are in its text."""
    return "".join([str(error), *getattr(error, "__notes__", ())])


@pytest.fixture
def workspace() -> Workspace:
    """Two signals, peak and wave, and two images, spot and slope."""
    workspace = Workspace()
    for kind in KINDS:
        for name, obj in sources(kind).items():
            workspace.add(name, obj)
    return workspace


@pytest.mark.parametrize(("kind", "name"), EVERY)
@pytest.mark.filterwarnings("ignore")
def test_every_feature(workspace: Workspace, kind: Kind, name: str) -> None:
    """By its attribute, with defaults; twice, and then nothing changes."""
    call, before = arguments(kind, name), workspace.list()
    compute = getattr(workspace.calc, name)
    if (kind, name) in FAILING:
        error, match = FAILING[kind, name]
        with pytest.raises(error, match=match) as caught:
            compute(**call)
        assert repr(name) in message_of(caught.value)
        assert workspace.list() == before
        return

    outcome = compute(**call)
    names = workspace.list()
    again = compute(**call)

    assert workspace.list() == names
    if not features(kind)[name].analysis:
        assert again == outcome
        assert len(names) == len(before) + 1
        assert isinstance(outcome, list) == features(kind)[name].gives_several
        [outcome] = outcome if isinstance(outcome, list) else [outcome]
        title = workspace.get(outcome).title
        assert not re.search(r"\{\d\}", title)
        assert title not in ("", "Untitled")
        noted = workspace.record(outcome).metadata["__processing_parameters"]
        assert noted["func_name"] == name
    elif (kind, name) in FOUND_NOTHING:
        assert outcome is None
    else:
        assert outcome.to_dataframe() is not None
        results = [
            key
            for key in workspace.record(call["on"]).metadata
            if key in (f"Geometry_{name}_dict", f"Table_{name}_dict")
        ]
        assert len(results) == 1


def test_all_of_datalab_1_3_are_there() -> None:
    """Of 211 that it registers, one twice; sigima has five more."""
    assert len(features("signal")) >= 96
    assert len(features("image")) >= 114


def test_hints_name_features_that_there_are() -> None:
    known = {name for kind in KINDS for name in features(kind)}
    for name, (_, hint) in _WINDOWS_ONLY.items():
        assert name not in known
        if "(" not in hint and "." not in hint:
            assert {word.strip(" …") for word in hint.split(",")} <= known


# -- parameters -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "values"),
    [
        (None, {"n": 7, "mode": "wrap"}),
        (None, {"n": np.int64(7), "mode": FilterMode.WRAP}),
        (None, {"n": 7, "mode": "WRAP"}),
        ({"n": 7, "mode": "wrap"}, {}),
        ({"n": 3, "mode": "wrap"}, {"n": 7}),
        (MovingAverageParam.create(n=7, mode=FilterMode.WRAP), {}),
        (MovingAverageParam.create(n=9, mode=FilterMode.WRAP), {"n": 7}),
    ],
    ids=repr,
)
def test_parameters_may_be_given_in_any_way(
    workspace: Workspace, given: Any, values: dict[str, Any]
) -> None:
    name = workspace.calc("moving_average", given, on="peak", **values)

    assert name == "moving_average(s001)|size=7, mode=wrap"


def test_a_parameter_object_stays_as_it_was(workspace: Workspace) -> None:
    given = MovingAverageParam.create(n=9)

    workspace.calc("moving_average", given, on="peak", n=5)

    assert given.n == 9


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        (GaussianParam(), TypeError, "MovingAverageParam.*got GaussianParam"),
        (5, TypeError, "MovingAverageParam.*got int"),
        ({5: 1}, TypeError, "no argument '5'"),
        (MovingAverageParam.create(n=5, mode=None), None, ""),
    ],
)
def test_a_wrong_parameter_object_is_refused(
    workspace: Workspace, given: Any, error: Any, match: str
) -> None:
    if error is None:
        with pytest.raises(ValueError, match="needs a value for 'mode'"):
            workspace.calc("moving_average", given, on="peak")
        return
    with pytest.raises(error, match=match):
        workspace.calc("moving_average", given, on="peak")


@pytest.mark.parametrize(
    ("name", "values", "error", "allowed"),
    [
        ("butterworth", {"cut_off": 0.9}, ValueError, "from 0 to 0.5"),
        ("moving_median", {"n": 4}, ValueError, "an odd number"),
        ("resize", {"zoom": 0.0}, ValueError, "a number greater than 0"),
        ("resize", {"prefilter": 1}, TypeError, "True or False"),
        ("gaussian_filter", {"sigma": np.nan}, ValueError, "a number of at least 0"),
        ("gaussian_filter", {"sigma": None}, TypeError, "a number"),
        ("gaussian_filter", {"sigma": [1]}, TypeError, "a number"),
        ("threshold", {"method": "otsuu"}, ValueError, "'otsu'"),
        ("threshold", {"operation": None}, TypeError, "one of '>', '<'"),
        ("calibration", {"axis": 1}, ValueError, "one of 'x', 'y', 'z'"),
    ],
)
def test_the_error_for_a_wrong_value_names_what_is_allowed(
    workspace: Workspace, name: str, values: dict[str, Any], error: Any, allowed: str
) -> None:
    (parameter,) = values
    with pytest.raises(error, match=f"^{name}.*{parameter}=.*{re.escape(allowed)}"):
        workspace.calc(name, on="spot", **values)


def test_parameters_that_contradict_each_other_fail(
    workspace: Workspace,
) -> None:
    with pytest.raises(ValueError, match="lower must be less") as caught:
        workspace.calc("histogram", on="peak", lower=2.0, upper=1.0)

    assert "'histogram'" in message_of(caught.value)


def test_what_follows_from_the_object_follows_from_what_is_chosen(
    workspace: Workspace,
) -> None:
    """And each object has its own."""
    workspace.add("short", (np.arange(10.0), np.ones(10)))

    names = workspace.calc("zero_padding", on=["peak", "short"], strategy="triple")

    assert [workspace.describe(name).shape for name in names] == [(300,), (30,)]


def test_a_choice_may_be_a_member_its_name_or_its_value(workspace: Workspace) -> None:
    for method in ("cubic", "linear"):
        name = workspace.calc("resampling", on="peak", method=method, nbpts=50)
        assert workspace.describe(name).shape == (50,)


def test_a_pair_may_be_a_list(workspace: Workspace) -> None:
    levels = {"signal_shape": "square", "reference_levels": [20, 80]}

    table = workspace.calc("extract_pulse_features", on="peak", **levels)

    assert "[20, 80]" in table.attrs["param_json"]


# -- operands -------------------------------------------------------------------------


def test_signals_on_other_x_are_interpolated_with_a_warning(
    workspace: Workspace,
) -> None:
    workspace.add("short", (np.linspace(-3, 3, 10), np.ones(10)))

    with pytest.warns(UserWarning, match="addition.*that of 'short'"):
        name = workspace.calc("addition", on=["peak", "short"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other = workspace.calc("replace_x_by_other_y", on="peak", with_="wave")

    found = workspace.get(name)
    assert len(found.x) == 10
    expected = np.interp(found.x, *sources("signal")["peak"].xydata) + 1
    np.testing.assert_allclose(found.y, expected)
    assert workspace.describe(other).shape == (100,)


def test_fit_parameters_travel(workspace: Workspace) -> None:
    fit = workspace.calc("gaussian_fit", on="peak")

    name = workspace.calc("evaluate_fit", on=fit, with_="wave")

    np.testing.assert_allclose(workspace.get(name).y, workspace.get(fit).y)


def test_detection_creates_regions_in_its_object(workspace: Workspace) -> None:
    result = workspace.calc("contour_shape", on="spot", create_rois=True)

    assert len(workspace.get("spot").roi) == len(result.coords) == 1


def test_nothing_is_computed_in_datalab_without_one(workspace: Workspace) -> None:
    with pytest.raises(LiveUnavailableError, match="not attached to one"):
        workspace.calc("exp", on="peak", where="datalab")


def test_the_same_again_is_no_change(workspace: Workspace, tmp_path) -> None:
    workspace.calc("exp", on="peak")
    workspace.calc("fwhm", on="peak")
    workspace.save(tmp_path / "x.h5")

    workspace.calc("exp", on="peak")
    workspace.calc("fwhm", on="peak")

    assert not workspace.modified


@pytest.mark.parametrize(
    ("geometry", "coordinates", "shape"),
    [
        ("rectangle", [2.0, 3.0, 10.0, 8.0], (8, 10)),
        ("circle", [12.0, 9.0, 4.0], (8, 8)),
        ("polygon", [2.0, 3.0, 10.0, 3.0, 10.0, 9.0], (6, 8)),
    ],
)
def test_regions_of_any_shape_are_extracted(
    workspace: Workspace, geometry: str, coordinates: list[float], shape: tuple
) -> None:
    """And erased, where they are not meant for the whole image."""
    from sigima.objects import create_image_roi

    spot = sources("image")["spot"]
    spot.roi = create_image_roi(geometry, coordinates, title="a {0} region")
    workspace.add("region", spot)

    (name,) = workspace.calc("extract_roi", on="region")
    erased = workspace.calc("erase", on="region")

    assert workspace.describe(name).shape == shape
    assert workspace.describe(erased).shape == spot.data.shape


# -- many objects ---------------------------------------------------------------------


def test_an_interrupt_keeps_what_is_whole(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes while the third of four is computed; no result was stored yet."""
    run, computed = Calculation.run, []

    def interrupted(self: Calculation, *arguments: Any) -> Any:
        if len(computed) == 2:
            raise KeyboardInterrupt
        computed.append(self.sources[0].name)
        return run(self, *arguments)

    monkeypatch.setattr(Calculation, "run", interrupted)
    monkeypatch.setattr(result_writer, "_INTERVAL", 1000.0)
    with pytest.raises(KeyboardInterrupt) as caught:
        workspace.calc("normalize", on=["peak", "wave", "spot", "slope"])

    kept = ["normalize(s001)|ref=maximum", "normalize(s002)|ref=maximum"]
    assert workspace.list() == ["peak", "wave", *kept, "spot", "slope"]
    assert "2 of 4 objects were done" in message_of(caught.value)
    assert all(repr(name) in message_of(caught.value) for name in kept)
    workspace.undo()
    assert len(workspace) == 4


def test_an_interrupt_while_results_are_stored_keeps_them(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes after the first of two was stored, and takes it back."""
    add, calls = Transaction.add_result, []

    def interrupted(self: Transaction, *arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        add(self, *arguments)

    monkeypatch.setattr(Transaction, "add_result", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        workspace.calc("sqrt", on=["peak", "wave"])

    assert workspace.list("signal") == ["peak", "wave", "sqrt(s001)", "sqrt(s002)"]
    assert "2 of 2 objects were done" in message_of(caught.value)


def test_every_kind_is_checked_before_anything_is_computed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As are regions, and parameters that contradict each other."""
    monkeypatch.setattr(Calculation, "run", lambda *_: pytest.fail("computed"))
    both: Any = ["peak", "spot"]
    for name, values, error, match in (
        ("fwhm", {}, ValueError, "for signals, not for images"),
        ("histogram", {"lower": 2.0, "upper": 1.0}, ValueError, "lower must be less"),
        ("extract_roi", {}, ValueError, "'peak' has no region"),
        ("zero_padding", {"rows": 3}, TypeError, "no argument 'rows'"),
        ("difference", {"with_": "wave"}, TypeError, "only images .* 'wave'"),
        ("average", {}, TypeError, "'spot' is of kind"),
    ):
        with pytest.raises(error, match=match):
            workspace.calc(name, on=both, **values)


def test_only_a_few_objects_are_in_memory(tmp_path: Path) -> None:
    """Of signals of one MiB in a file, and nothing of them afterwards."""
    size, count = 1 << 20, 20
    x = np.arange(size / 16)
    stored = Workspace(backend=MemoryBackend())
    for number in range(count):
        stored.add(f"signal {number}", (x, x * number))
    stored.save(tmp_path / "signals.h5")
    workspace = dlw.open(tmp_path / "signals.h5")
    workspace.calc("x_at_minmax", on="signal 0")  # what is imported stays

    tracemalloc.start()
    try:
        found = workspace.calc("x_at_minmax", on=workspace.list())
        left, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(found) == count
    assert left < size
    assert peak < count * size / 2


def test_a_result_is_stored_without_a_copy(workspace: Workspace) -> None:
    """Unless it is a part of something: then it keeps nothing else alive."""
    whole = workspace.record(workspace.calc("exp", on="spot")).data
    area: dict[str, Any] = {"x0": 2.0, "y0": 3.0, "dx": 10.0, "dy": 8.0}
    [name] = workspace.calc("extract_roi", on="spot", **area)
    part = workspace.record(name).data

    for array in (whole, part):
        assert isinstance(array, np.ndarray)
        assert array.base is not None  # a view that is handed out
        assert array.base.shape == array.shape
        assert array.base.flags.owndata


# -- titles ---------------------------------------------------------------------------


def test_titles_are_sigimas_own_again_afterwards(workspace: Workspace) -> None:
    before = title_formatting.get_default_title_formatter()

    workspace.calc("exp", on="peak")
    with pytest.raises(TypeError):
        workspace.calc("ifft", on="peak")

    assert title_formatting.get_default_title_formatter() is before


def test_other_threads_keep_their_titles() -> None:
    """As do those of two calculations that overlap."""
    import sigima.proc.signal as sips

    peak = sources("signal")["peak"]
    before = title_formatting.get_default_title_formatter()
    entered, left = threading.Event(), threading.Event()
    titles = []

    def work() -> None:
        titles.append(sips.exp(peak).title)
        with datalab_titles():
            entered.set()
            assert left.wait(30)
            titles.append(sips.exp(peak).title)
        titles.append(sips.exp(peak).title)

    own = sips.exp(peak).title
    thread = threading.Thread(target=work)
    with datalab_titles():
        thread.start()
        assert entered.wait(30)
        assert sips.exp(peak).title == "exp({0})"
    assert sips.exp(peak).title == own
    left.set()
    thread.join(30)

    assert titles == [own, "exp({0})", own]
    assert title_formatting.get_default_title_formatter() is before


def test_a_formatter_that_is_set_meanwhile_stays() -> None:
    before = title_formatting.get_default_title_formatter()
    other = title_formatting.SimpleTitleFormatter()
    try:
        with datalab_titles():
            title_formatting.set_default_title_formatter(other)
            with datalab_titles():
                pass
        assert title_formatting.get_default_title_formatter() is other
    finally:
        title_formatting.set_default_title_formatter(before)


def test_braces_of_the_users_stay() -> None:
    assert with_short_ids("f({0}, {1})|{x} {7} {}", ["s001", "s002"]) == (
        "f(s001, s002)|{x} {7} {}"
    )
