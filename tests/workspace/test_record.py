"""Records: their properties, what their copies share, and that they need no sigima."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from datalab_workspace import Record, UnsupportedObjectError
from datalab_workspace.model.record import (
    FIELDS,
    FieldSpec,
    checked_field,
    fill_value,
    read_only_view,
)

WITHOUT_SIGIMA = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("sigima", "guidata", "scipy", "pandas"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import numpy as np
import datalab_workspace as dlw

path = sys.argv[1]
ws = dlw.Workspace()
ws.add("y", np.arange(4.0))
ws.add("z", np.eye(3, dtype="u2"), group="images")
ws.edit("z", xlabel="um", metadata={"when": (1, None)})
ws.rename("y", "signal")
ws.save(path)

for lazy in (False, True):
    again = dlw.Workspace()
    assert again.load(path, lazy=lazy) == ["signal", "z"]
    record = again.record("z").copy()
    assert record.array("data").dtype == np.uint16
    assert record.fields["xlabel"] == "um"
    assert record.metadata == {"when": (1, None)}
    assert [item.name for item in again.describe()] == ["signal", "z"]
    again.remove("signal")
    again.save()
    ws.save(path, overwrite=True)

try:
    ws.get("z")
except ImportError as error:
    assert error.name.partition(".")[0] in ("sigima", "guidata")
else:
    raise AssertionError("an object without sigima")
print("done")
"""


def test_all_but_objects_works_without_sigima(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_SIGIMA, str(tmp_path / "x.h5")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("done", "")


def test_the_fields_are_those_of_sigima():
    from sigima import ImageObj, SignalObj

    for kind, cls in (("signal", SignalObj), ("image", ImageObj)):
        items = {item.get_name() for item in cls().get_items()}
        assert set(FIELDS[kind]) <= items


def test_a_record_starts_with_every_field():
    record = Record("image")
    assert record.fields.keys() == FIELDS["image"].keys()
    assert (record.title, record.shape, record.dtype) == ("Untitled", (), None)
    assert record.nbytes == 0
    assert record.array("data") is None


def test_shapes_are_those_of_the_object():
    signal = Record("signal", arrays={"xydata": np.zeros((4, 7))})
    image = Record("image", arrays={"data": np.zeros((2, 3), "u1")})
    assert (signal.shape, signal.nbytes) == ((7,), 4 * 7 * 8)
    assert (image.shape, image.dtype, image.nbytes) == ((2, 3), np.dtype("u1"), 6)


def test_a_copy_shares_nothing_but_the_uuid():
    record = Record("image", arrays={"data": np.zeros((2, 3))}, metadata={"a": [1]})
    copy = record.copy()
    copy.arrays["data"][0, 0] = 1
    copy.metadata["a"].append(2)
    copy.fields["xlabel"] = "new"
    assert record.arrays["data"][0, 0] == 0
    assert (record.metadata, record.fields["xlabel"]) == ({"a": [1]}, "")
    assert copy.uuid == record.uuid


@pytest.mark.parametrize("masked", [False, True])
def test_a_view_shares_its_memory_but_cannot_be_written_to(masked):
    data = np.zeros((2, 3))
    array = np.ma.MaskedArray(data, mask=data > 1) if masked else data
    view = read_only_view(array)
    assert type(view) is type(array)
    assert np.shares_memory(view, data)
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 1
    array[0, 0] = 1
    assert view[0, 0] == 1


def test_the_fill_value_of_a_mask():
    assert fill_value(np.ma.MaskedArray([1.0], fill_value=-1)) == -1
    # NumPy's default, 999999, is none that 16 bits hold.
    assert fill_value(np.ma.MaskedArray(np.zeros(1, "u2"))) is None


TEXT, FLAG, NUMBER = FieldSpec(str, ""), FieldSpec(bool, True), FieldSpec(float, 1.0)
BOUND = FieldSpec(float, None)


@pytest.mark.parametrize(
    ("value", "spec", "kept"),
    [
        ("a", TEXT, "a"),
        (np.str_("a"), TEXT, "a"),
        (None, TEXT, None),
        (True, FLAG, True),
        (np.False_, FLAG, False),
        (1, FLAG, True),
        (5, NUMBER, 5.0),
        (np.float32(0.5), NUMBER, 0.5),
        (np.uint8(3), NUMBER, 3.0),
        (None, BOUND, None),
        (7, None, 7),
        ("x", None, "x"),
        (None, None, None),
    ],
)
def test_a_field_is_a_plain_value(value, spec, kept):
    found = checked_field(value, spec, "field of 'x'")
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("value", "spec"),
    [
        (5, TEXT),
        (b"a", TEXT),
        (None, FLAG),
        ("yes", FLAG),
        (2, FLAG),
        (None, NUMBER),
        ("5", NUMBER),
        (True, NUMBER),
        (1j, NUMBER),
        ([1], None),
    ],
)
def test_a_field_of_a_wrong_type_is_refused(value, spec):
    with pytest.raises(UnsupportedObjectError, match="field of 'x'"):
        checked_field(value, spec, "field of 'x'")
