"""Compute chains from single items, as a worker does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import batch
from datalab_workspace.batch.chains.chain import Chain, make_chain
from datalab_workspace.batch.items.item import Item
from datalab_workspace.batch.worker.compute import ItemOutput, compute

X = np.linspace(-5, 5, 201)
Run = Callable[..., ItemOutput]


@pytest.fixture
def workspace() -> dlw.Workspace:
    made = dlw.Workspace()
    made.add("peak", (X, 2 * np.exp(-(X**2))))
    made.add("flat", (X, np.ones_like(X)))
    made.add("spot", np.outer(np.hanning(32), np.hanning(48)))
    return made


@pytest.fixture
def run(workspace: dlw.Workspace) -> Run:
    def run(what: Any, name: str = "peak", keep: Any = "objects") -> ItemOutput:
        chain = make_chain(what, workspace=workspace)
        chain.check()
        record = workspace.record(name)
        item = Item(0, name, None, record, record.uuid, "1")
        return compute(chain, item, [record], keep)

    return run


def values(record: dlw.Record) -> Any:
    """Return x and y of a signal."""
    return record.array("xydata")


def test_a_feature_gives_the_object_that_calc_gives(
    run: Run, workspace: dlw.Workspace
) -> None:
    name = workspace.calc("moving_average", on="peak", n=5)
    (kept,) = run(("moving_average", {"n": 5})).kept
    assert np.array_equal(values(kept), values(workspace.record(name)))
    assert kept.title == "peak"


def test_an_analysis_gives_columns_and_no_object(
    run: Run, workspace: dlw.Workspace
) -> None:
    workspace.calc("fwhm", on="peak")
    expected = {value.quantity: value.value for value in workspace.results("peak")}
    output = run("fwhm")
    assert output.rows[0].values == expected
    assert output.kept == ()


def test_a_chain_keeps_its_last_object_with_the_results_of_analyses(run: Run) -> None:
    output = run(["normalize", "fwhm"])
    (kept,) = output.kept
    assert values(kept)[1].max() == 1
    assert "Geometry_fwhm_dict" in kept.metadata
    assert output.rows[0].objects[0].uuid == kept.uuid


def test_a_function_returns_an_object_and_values(run: Run) -> None:
    def both(signal: Any) -> Any:
        assert signal.title == "peak"
        half = signal.copy()
        half.y = half.y / 2
        return signal, {"top": signal.y.max(), "half": half, "n": np.int64(3)}

    output = run(both)
    assert output.rows[0].values == {"top": 2.0, "n": 3}
    assert [record.title for record in output.kept] == ["peak", "peak|half"]


def test_a_function_may_return_nothing(run: Run) -> None:
    output = run(lambda _: None)
    assert output.rows[0].values == {}
    assert output.kept == ()


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (3.0, "got float"),
        ({"a": [1, 2]}, "for 'a', got list"),
        ({1: 2.0}, "the key 1"),
        ({"a": np.zeros(3)}, r"got ndarray of shape \(3,\)"),
    ],
)
def test_a_function_that_returns_something_else_is_an_error(
    run: Run, returned: Any, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        run(lambda _: returned)


def test_a_function_gets_an_independent_copy(
    run: Run, workspace: dlw.Workspace
) -> None:
    def spoil(signal: Any) -> None:
        signal.y[:] = 0

    run(spoil)
    assert workspace.get("peak").y.max() > 0


def test_the_second_operand_of_a_feature_is_named(
    run: Run, workspace: dlw.Workspace
) -> None:
    (by_name,) = run(("difference", {"with_": "flat"})).kept
    (by_object,) = run(("difference", {"with_": workspace.get("flat")})).kept
    assert values(by_name)[1].max() == pytest.approx(1)
    assert np.array_equal(values(by_name), values(by_object))


@pytest.mark.parametrize(
    ("what", "error", "message"),
    [
        ("fwmh", dlw.FeatureNotFoundError, "did you mean 'fwhm'"),
        ("average", TypeError, "combines several"),
        ("extract_roi", TypeError, "returns several objects"),
        ("difference", TypeError, "pass the second one"),
        (("moving_average", {"m": 5}), TypeError, "'m'"),
        (("moving_average", {"n": -5}), ValueError, "of at least"),
    ],
)
def test_a_chain_that_fails_with_every_item_is_refused(
    run: Run, what: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(what)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ([], "at least one step"),
        (3, "a step of a chain, got 3"),
        ((1, 2, 3), "2 values for a step of a chain, got 3"),
        (("fwhm:x:y", {}), "fwhm"),
    ],
)
def test_a_value_that_is_not_a_chain_is_refused(what: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError, ImportError), match=message):
        make_chain(what)


def test_random_numbers_belong_to_the_item_and_the_chain(
    run: Run, workspace: dlw.Workspace
) -> None:
    def noisy(signal: Any) -> Any:
        signal.y += batch.rng().normal(size=len(signal.y))
        return signal

    first, again = (run(noisy).kept[0] for _ in range(2))
    other = run(noisy, "flat").kept[0]
    assert np.array_equal(values(first), values(again))
    added = values(first)[1] - workspace.get("peak").y
    assert not np.allclose(added, values(other)[1] - 1)


@pytest.mark.parametrize("unseeded", [{}, {"seed": None}])
def test_random_features_are_seeded_by_the_item_unless_a_seed_is_given(
    run: Run, workspace: dlw.Workspace, unseeded: dict[str, Any]
) -> None:
    def noise(parameters: dict[str, Any], name: str) -> Any:
        (kept,) = run(("add_gaussian_noise", parameters), name).kept
        return values(kept)[1] - workspace.get(name).y

    assert np.array_equal(noise(unseeded, "peak"), noise({}, "peak"))
    assert not np.allclose(noise(unseeded, "peak"), noise(unseeded, "flat"))
    assert np.allclose(noise({"seed": 3}, "peak"), noise({"seed": 3}, "flat"))


def test_uuids_depend_on_item_and_chain(run: Run) -> None:
    uuid = run("normalize").kept[0].uuid
    assert run("normalize").kept[0].uuid == uuid
    assert run("normalize", "flat").kept[0].uuid != uuid
    assert run("fft").kept[0].uuid != uuid


def test_a_chain_with_functions_goes_to_another_process_and_back(
    workspace: dlw.Workspace,
) -> None:
    factor = 3

    def scaled(signal: Any) -> Any:
        return {"top": factor * signal.y.max()}

    chain = Chain.loads(make_chain(scaled).dumps())
    record = workspace.record("peak")
    item = Item(0, "peak", None, record, record.uuid, "1")
    assert compute(chain, item, [record], "table").rows[0].values == {"top": 6.0}


def test_a_chain_can_be_written_as_json() -> None:
    chain = batch.chain("normalize", ("moving_average", {"n": 5}), "fwhm")
    assert Chain.from_json(chain.as_json()).fingerprint == chain.fingerprint
