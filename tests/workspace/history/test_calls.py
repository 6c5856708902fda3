"""Calls of features: noted, encoded, and computed again."""

from __future__ import annotations

import json

import numpy as np
import pytest
import sigima
import sigima.proc.image as spi
import sigima.proc.signal as sps
from hypothesis import given
from hypothesis import strategies as st
from sigima.objects import create_image, create_signal
from sigima.params import MovingAverageParam
from sigima.proc.decorator import observe_calls

import datalab_workspace as dlw
from datalab_workspace.history.calls import parameters
from datalab_workspace.history.calls.execution import execution_of, is_random
from datalab_workspace.history.calls.noted_calls import note, operation_of, split
from datalab_workspace.history.steps import Call
from datalab_workspace.model.metadata_values import values_equal

X = np.linspace(0.0, 1.0, 50)


@pytest.fixture
def signal():
    return create_signal("wave", X, np.cos(7 * X))


def noted(call):
    """Return the calls that sigima makes while a function runs, and their results."""
    seen = []

    def observer(function, arguments):
        objects, others = split(arguments)
        seen.append([note(function, others), objects])
        return seen[-1].append

    with observe_calls(observer):
        call()
    return seen


def through_json(call):
    """Return a call as a file would hold it."""
    written = json.dumps([call.parameters, call.options])
    return Call(call.operation, call.version, *json.loads(written))


@pytest.mark.parametrize(
    "call",
    [
        lambda s: sps.normalize(s, method="energy"),
        lambda s: sps.normalize(s),
        lambda s: sps.derivative(s),
        lambda s: sps.fft(s),
        lambda s: sps.fft(s, shift=False),
        lambda s: sps.difference(s, s),
        lambda s: sps.addition([s, s, s]),
        lambda s: sps.convolution(s, s),
        lambda s: sps.interpolate(s, s, method="cubic"),
    ],
)
def test_a_noted_call_gives_the_same_result_again(signal, call):
    ((found, objects, result),) = noted(lambda: call(signal))
    again = execution_of(through_json(found.call())).run(objects)
    assert values_equal(result.xydata, again.xydata)


def test_a_list_of_regions_is_noted(signal):
    image = create_image("grid", np.arange(48.0).reshape(6, 8))
    region = sigima.create_image_roi("rectangle", [1, 1, 3, 2])
    regions = list(region.to_params(image))
    ((found, objects, result),) = noted(lambda: spi.extract_rois(image, regions))
    call = through_json(found.call())
    assert [*call.parameters] == ["params"]
    assert values_equal(result.data, execution_of(call).run(objects).data)


def test_parameters_are_as_they_were_at_the_call(signal):
    """The user may use one parameter object for several calls."""
    chosen = MovingAverageParam.create(n=3)

    def calls():
        sps.moving_average(signal, chosen)
        chosen.n = 9
        sps.moving_average(signal, chosen)

    found = [each.call().parameters["n"] for each, *_ in noted(calls)]
    assert found == [3, 9]


def test_global_options_are_those_of_the_call(signal):
    option = sigima.config.options.auto_normalize_kernel
    with option.context(not option.get()):
        ((found, objects, result),) = noted(lambda: sps.convolution(signal, signal))
    call = through_json(found.call())
    assert call.options == {"auto_normalize_kernel": not option.get()}
    assert values_equal(result.y, execution_of(call).run(objects).y)


def test_other_functions_are_no_calls():
    assert operation_of(np.sin) is None
    assert note(np.sin, [None]) is None


@pytest.mark.filterwarnings("ignore:Checking NormalDistribution.*seed")
def test_noise_without_a_seed_is_random(signal):
    def calls():
        sps.add_gaussian_noise(signal, seed=None)
        sps.add_gaussian_noise(signal, seed=5)

    assert [is_random(each.call()) for each, *_ in noted(calls)] == [True, False]


# -- what a file may hold -------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (Call("sigima.signal.teleport", 1, {}), "no feature 'sigima.signal.teleport'"),
        (Call("os.system", 1, {}), "no feature 'os.system'"),
        (Call("sigima.signal.__doc__", 1, {}), "no feature"),
        (Call("sigima.signal.np", 1, {}), "no feature"),
        (Call("sigima.audio.fft", 1, {}), "no feature"),
        (
            Call("sigima.signal.fft", 99, {"shift": True}),
            "version 99 .* version 1 here",
        ),
        (Call("sigima.signal.fft", 1, {"shift": "yes"}), "refuses its parameters"),
        (Call("sigima.signal.fft", 1, {}), "refuses its parameters"),
        (
            Call("sigima.signal.fft", None, {"twist": 1}),
            "refuses the parameters .* 'twist'",
        ),
        (Call("sigima.signal.fft", 1, None), "cannot be written"),
    ],
)
def test_a_call_that_does_not_fit_says_why(call, reason):
    with pytest.raises(dlw.NotReplayableError, match=reason):
        execution_of(call)


def test_an_error_of_sigima_is_a_reason(signal):
    execution = execution_of(Call("sigima.signal.ifft", 1, {}))
    with pytest.raises(dlw.NotReplayableError, match="ifft fails: TypeError"):
        execution.run([signal])


def test_options_that_the_feature_does_not_read_are_not_set(signal):
    before = sigima.config.options.auto_normalize_kernel.get()
    call = Call(
        "sigima.signal.derivative", 1, {}, {"auto_normalize_kernel": not before}
    )
    assert execution_of(call).options == {}


def test_parameters_without_contracts_get_the_defaults_of_the_others(signal):
    """A sigima without contracts may have fewer parameters."""
    execution = execution_of(Call("sigima.signal.moving_average", None, {"n": 5}))
    direct = sps.moving_average(signal, n=5)
    assert values_equal(execution.run([signal]).y, direct.y)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.complex_numbers()
    | st.dates()
    | st.datetimes().map(lambda date: date.replace(fold=0)),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_values_survive_json(value):
    written = json.dumps(parameters.encoded_value(value), allow_nan=False)
    assert values_equal(parameters.decoded_value(json.loads(written)), value)


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<i2", "|u1", "<c16", "|b1"])
def test_arrays_survive_json(dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    written = json.loads(json.dumps(parameters.encoded_value(array)))
    assert np.array_equal(parameters.decoded_value(written), array)


def test_the_codec_of_sigima_reads_what_ours_writes():
    codec = pytest.importorskip(
        "sigima.proc.contracts.codec", reason="sigima has a codec since 1.3"
    )
    for value in (1.5, float("nan"), 2 + 3j, (1, 2), [True, None], np.arange(3)):
        theirs = codec.decode_value("value", parameters.encoded_value(value))
        assert values_equal(theirs, value)
        ours = parameters.decoded_value(codec.encode_value("value", value))
        assert values_equal(ours, value)


@pytest.mark.parametrize(
    "malformed",
    [
        {"$ndarray": {"dtype": "|O", "shape": [1], "base64": "AAAAAAAAAAA="}},
        {"$ndarray": {"dtype": "<f8", "shape": [9], "base64": ""}},
        {"$ndarray": {"dtype": "<f8", "shape": [-1], "base64": ""}},
        {"$ndarray": 5},
        {"$float": "7"},
        {"$complex": [1]},
        {"$date": "yesterday"},
        {"$python": "1+1"},
        {"a": 1, "b": 2},
    ],
)
def test_malformed_values_are_refused(malformed):
    with pytest.raises(ValueError, match="not the value of a parameter"):
        parameters.decoded_value(malformed)
