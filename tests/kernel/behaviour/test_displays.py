"""Displays whose data or metadata are more than plain JSON."""

from __future__ import annotations

import pytest

from support.three_kernels import known

REFUSED = "refuses it"
VALUES = {
    "np.int64(4)": 4,
    "np.float32(1.5)": 1.5,
    "np.uint8(255)": 255,
    "2 ** 70": 2**70,
    "{3}": [3],
    "np.arange(3)": [0, 1, 2],
    "np.eye(2)": [[1.0, 0.0], [0.0, 1.0]],
    "datetime.date(2026, 1, 2)": "2026-01-02",
    "datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)": (
        "2026-01-02T00:00:00Z"
    ),
    "range(2)": [0, 1],
    "{'a': {'b': [np.int64(1)]}}": {"a": {"b": [1]}},
}
each_value = pytest.mark.parametrize(("value", "shown"), VALUES.items(), ids=VALUES)
IMPORTS = "import datetime, numpy as np"


@known(stock=REFUSED)
@each_value
def test_a_display_holds_it(any_kernel, value: str, shown: object) -> None:
    any_kernel.run(IMPORTS)

    cell = any_kernel.run(
        f"display({{'application/json': {{'a': {value}}}}}, raw=True)"
    )

    assert cell.error is None
    assert cell.displayed == [{"application/json": {"a": shown}}]


@known(stock=REFUSED)
@each_value
def test_the_metadata_of_a_display_hold_it(any_kernel, value, shown) -> None:
    any_kernel.run(IMPORTS)

    cell = any_kernel.run(
        f"display({{'text/plain': 'x'}}, raw=True, metadata={{'a': {value}}})"
    )

    assert cell.error is None
    assert cell.sent[0]["content"]["metadata"] == {"a": shown}


@known(stock=REFUSED)
def test_the_width_of_an_image_is_a_number_of_numpy(any_kernel) -> None:
    cell = any_kernel.run(
        "import base64, numpy as np\nfrom IPython.display import Image\n"
        "Image(b'\\x89PNG\\r\\n\\x1a\\n', format='png', width=np.int64(40))"
    )

    assert cell.shown["metadata"] == {"image/png": {"width": 40}}
    assert cell.shown["data"]["image/png"].startswith("iVBOR")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_number_that_json_lacks_does_not_hide_the_display(
    any_kernel, value: str
) -> None:
    cell = any_kernel.run(
        f"display({{'application/json': {{'a': float({value!r})}}, 'text/plain': 'x'}},"
        " raw=True)"
    )

    assert cell.error is None
    assert cell.displayed[0]["text/plain"] == "x"


def test_what_json_cannot_hold_is_an_error_of_the_cell(any_kernel) -> None:
    cell = any_kernel.run("display({'application/json': {'a': object()}}, raw=True)")

    assert cell.status == "error"
    assert any_kernel.run("1").status == "ok"


@known(stock=REFUSED)
def test_an_update_holds_it(any_kernel) -> None:
    cell = any_kernel.run(
        "import numpy as np\nshown = display('a', display_id='mine')\n"
        "shown = display({'application/json': np.int64(4)}, raw=True,"
        " display_id='mine', update=True)"
    )

    assert cell.sent[-1]["msg_type"] == "update_display_data"
    assert cell.sent[-1]["content"]["data"] == {"application/json": 4}


@known(stock=REFUSED)
def test_an_expression_holds_it(any_kernel) -> None:
    any_kernel.run(
        "import numpy as np\nclass Shown:\n"
        "    def _repr_mimebundle_(self, **kwargs):\n"
        "        return {'application/json': np.int64(4), 'text/plain': 'x'}"
    )

    answer = any_kernel.run("shown = Shown(); shown", user_expressions={"a": "shown"})

    assert answer.shown["data"]["application/json"] == 4
    data = answer.answer["user_expressions"]["a"]["data"]
    assert data["application/json"] == 4


def test_bytes_become_base64(any_kernel) -> None:
    cell = any_kernel.run("display({'image/png': b'\\x00\\x01'}, raw=True)")

    assert [data["image/png"].strip() for data in cell.displayed] == ["AAE="]


def test_transient_data_are_sent(any_kernel) -> None:
    cell = any_kernel.run("display('a', display_id='mine', transient={'b': 1})")

    assert cell.sent[0]["content"]["transient"] == {"b": 1, "display_id": "mine"}
