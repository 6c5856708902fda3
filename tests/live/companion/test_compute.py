"""Features that DataLab computes, and files that it opens."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from support.real_datalab.window_client import RefusedError, WindowClient, signal

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


def compute(companion: WindowClient, name: str, *on: str, **entries: object) -> dict:
    return dict(companion.ask("POST", "compute", {"name": name, "on": on, **entries}))


def titles(companion: WindowClient) -> list[str]:
    state = companion.snapshot()
    return [o["fields"]["title"] for o in state["objects"]]


def test_one_operand(companion: WindowClient) -> None:
    a, _ = companion.add("a", "b")
    companion.do({"op": "show", "kind": "image"})
    before = companion.snapshot()
    done = compute(companion, "normalize", a)
    after = companion.snapshot()
    assert titles(companion)[-1] == "normalize(s001)|ref=maximum"
    assert after["panels"]["shown"] == "image"
    assert (
        after["panels"]["signal"]["selection"]
        == (before["panels"]["signal"]["selection"])
    )
    (found,) = companion.records(*done["uuids"])
    assert found.metadata["__processing_parameters"]["source_uuid"] == a
    companion.do({"op": "remove", "uuids": [a]})
    assert titles(companion)[-1] == "normalize(sxxx)|ref=maximum"


def test_two_operands(companion: WindowClient) -> None:
    a, b = companion.add("a", "b")
    done = compute(companion, "difference", a, **{"with": b})
    (found,) = companion.records(*done["uuids"])
    assert found.title == "s001-s002"
    assert not np.any(found.data[1])


def test_many_operands(companion: WindowClient) -> None:
    compute(companion, "average", *companion.add("a", "b"))
    assert len(titles(companion)) == 3


def test_parameters(companion: WindowClient) -> None:
    (a,) = companion.add("a")
    compute(companion, "moving_average", a, parameters={"n": 5})
    assert "size=5" in titles(companion)[-1]


def test_an_analysis_and_its_undoing(companion: WindowClient) -> None:
    (a,) = companion.add("a")
    done = compute(companion, "stats", a)
    assert (done["uuids"], done["changed"]) == ([], [a])
    assert companion.snapshot()["objects"][0]["results"] == 1
    companion.ask("POST", "undo", {"ticket": done["ticket"]})
    assert companion.snapshot()["objects"][0]["results"] == 0


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("unknown", {}),
        ("difference", {}),
        ("normalize", {"parameters": {"unknown": 1}}),
        ("moving_average", {"parameters": {"n": "many"}}),
        ("ifft", {}),
    ],
)
def test_errors_leave_nothing(
    companion: WindowClient, name: str, entries: dict[str, object]
) -> None:
    (a,) = companion.add("a")
    before = companion.snapshot()
    with pytest.raises(RefusedError) as refused:
        compute(companion, name, a, **entries)
    assert (refused.value.status, refused.value.answer["error"]) == (422, "refused")
    assert companion.snapshot() == before


def test_open_files(companion: WindowClient, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "none.csv"
    np.savetxt(good, signal().data.T, delimiter=",")
    body = {"paths": [str(good), str(bad)], "kind": "signal", "group": "files"}
    done = companion.ask("POST", "open", body)
    assert [f["path"] for f in done["failed"]] == [str(bad)]
    (found,) = companion.records(*done["uuids"])
    np.testing.assert_allclose(found.data, signal().data)


@pytest.mark.parametrize("shown", ["signal", "image"])
def test_open_files_of_any_kind(
    companion: WindowClient, tmp_path: Path, shown: str
) -> None:
    both, neither = tmp_path / "both.csv", tmp_path / "neither.xyz"
    np.savetxt(both, signal().data.T, delimiter=",")
    neither.write_text("?")
    companion.do({"op": "show", "kind": shown})

    done = companion.ask("POST", "open", {"paths": [str(both), str(neither)]})

    assert [f["path"] for f in done["failed"]] == [str(neither)]
    assert [o["kind"] for o in companion.snapshot()["objects"]] == [shown]


def test_a_file_of_the_other_panel_is_opened(
    companion: WindowClient, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.png"
    matplotlib.image.imsave(picture, np.eye(9))
    companion.do({"op": "show", "kind": "signal"})

    companion.ask("POST", "open", {"paths": [str(picture)], "group": "files"})

    (found,) = companion.snapshot()["objects"]
    assert found["kind"] == "image"
