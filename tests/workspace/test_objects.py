"""Records from and to sigima's objects: nothing of an object is left behind."""

from __future__ import annotations

import warnings

import guidata.dataset as gds
import numpy as np
import pytest
import sigima
from guidata.config import ValidationMode, temporary_validation_mode

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.testing import assert_same
from datalab_workspace.testing.samples.images import image, pixels
from datalab_workspace.testing.samples.items import with_items
from datalab_workspace.testing.samples.signals import gaussian, signal


class SignalOfTomorrow(sigima.SignalObj):
    """A signal to which a later sigima has added items."""

    operator = gds.StringItem("Operator", default="")
    exposure = gds.FloatItem("Exposure", default=1.0)
    weights = gds.FloatArrayItem("Weights", default=None)


@pytest.fixture
def tomorrow(monkeypatch):
    monkeypatch.setattr(sigima, "SignalObj", SignalOfTomorrow)
    items = {"operator": "me", "exposure": 2.5, "weights": np.arange(3.0)}
    return with_items(SignalOfTomorrow(), xydata=np.zeros((2, 3)), title="x", **items)


def test_items_of_a_later_sigima_are_carried_along(tomorrow):
    record = to_record(tomorrow)
    assert (record.fields["operator"], record.fields["exposure"]) == ("me", 2.5)
    assert_same(tomorrow, to_object(record))


def test_items_of_a_later_sigima_survive_a_file(tomorrow, tmp_path):
    workspace = Workspace()
    workspace.add("x", tomorrow)
    path = workspace.save(tmp_path / "x.h5")
    again = Workspace()
    again.load(path)
    assert_same(tomorrow, again.get("x"))
    assert_same(tomorrow, open_project(path).get("x"))


def test_items_that_an_earlier_sigima_lacks_are_left_out():
    record = to_record(gaussian())
    record.fields["operator"] = "me"
    assert_same(gaussian(), to_object(record))


@pytest.mark.parametrize("mode", ValidationMode)
def test_what_was_stored_is_handed_out_whatever_sigima_checks(mode):
    record = to_record(signal(np.zeros((2, 3)), xlabel=None, annotations=None))
    with temporary_validation_mode(mode), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert to_object(record).xlabel is None
    assert record.fields["annotations"] is None


def test_a_region_that_is_not_yet_in_the_metadata_is_taken():
    from sigima.objects import create_signal_roi

    obj = gaussian()
    obj.roi = create_signal_roi([0.0, 1.0], title="r")
    obj.roi.single_rois[0].title = "changed"
    before = repr(obj.metadata)
    assert to_object(to_record(obj)).roi.single_rois[0].title == "changed"
    assert repr(obj.metadata) == before


def test_a_copy_is_made_on_demand():
    data = pixels("f8")
    shared, own = to_record(data, copy=False), to_record(data)
    assert np.shares_memory(shared.arrays["data"], data)
    assert not np.shares_memory(own.arrays["data"], data)
    assert not shared.arrays["data"].flags.writeable
    assert data.flags.writeable
    assert np.shares_memory(to_object(shared, copy=False).data, data)
    assert not np.shares_memory(to_object(shared).data, data)


def test_every_record_is_another_object():
    obj = image(pixels())
    assert to_record(obj).uuid != to_record(obj).uuid


@pytest.mark.parametrize(
    ("x", "y", "dtype"),
    [
        ([1, 2], [3, 4], "f8"),
        (np.arange(2, dtype="f4"), np.arange(2, dtype="u1"), "f8"),
        ([1, 2], [3j, 4], "c16"),
        ([], [], "f8"),
    ],
)
def test_a_pair_is_of_sigimas_own_dtypes(x, y, dtype):
    data = to_record((x, y)).array("xydata")
    assert (data.shape, data.dtype) == ((2, len(x)), np.dtype(dtype))
    assert data.tolist() == [[*x], [*y]]


def test_a_name_without_an_object_asks_for_the_object():
    with pytest.raises(TypeError, match=r"add\('noise'\) has no object"):
        Workspace().add("noise")


def test_a_name_and_an_object_in_the_wrong_order_are_told_in_one_line():
    with pytest.raises(TypeError) as error:
        Workspace().add(np.zeros((50, 50)), "noise")
    assert str(error.value) == (
        "expected a string for the name, got ndarray; did you mean add(name, object)?"
    )
