"""Masks in a workspace at DataLab, which shows masked values as ordinary numbers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import datalab_workspace as dlw
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

MASKED = np.ma.masked_greater(np.arange(12.0).reshape(3, 4), 5)


@pytest.fixture
def workspace(companion_datalab: Application) -> dlw.Workspace:
    companion = companion_datalab.companion
    return dlw.connect(companion.url, companion.token)


def test_an_added_mask_is_reported_once_for_each_object(
    workspace: dlw.Workspace,
) -> None:
    with pytest.warns(UserWarning, match="masked values of 'm' as ordinary numbers"):
        workspace.add("m", MASKED)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        workspace.add("m", MASKED)
        workspace.rename("m", "renamed")
        workspace.add("renamed", MASKED + 1, overwrite=True)
    with pytest.warns(UserWarning, match="of 'm', 'n' as ordinary numbers"):
        workspace.update({"m": MASKED, "n": MASKED})

    workspace.remove("m")
    with pytest.warns(UserWarning, match="of 'm' as ordinary numbers"):
        workspace.add("m", MASKED)


def test_a_result_that_keeps_its_mask_is_reported_once(
    workspace: dlw.Workspace,
) -> None:
    with pytest.warns(UserWarning, match="of 'm', 'n' as"):
        workspace.update({"m": MASKED, "n": MASKED + 1})
    with pytest.warns(UserWarning, match="of 'fliph") as caught:
        names = workspace.calc("fliph", on=["m", "n"])

    (warning,) = caught
    assert f"of {names[0]!r}, {names[1]!r} as ordinary" in str(warning.message)
    assert warning.filename == __file__
    assert workspace.get(names[0]).data.mask.sum() == 6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        workspace.calc("fliph", on=["m", "n"])
        workspace.calc("fliph", on="m", masked="nan")
