"""The errors for attributes that a workspace or a plotter does not have."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from datalab_kernel_core import Plotter
from datalab_workspace import Workspace

WHATS = {"workspace": Workspace(), "plotter": Plotter(Workspace())}


@pytest.mark.parametrize(
    ("what", "name", "hint"),
    [
        ("workspace", "plot", "use plotter.plot(name)"),
        ("workspace", "explore", "use plotter.explore(name)"),
        ("workspace", "peak", "workspace['peak']"),
        ("plotter", "show", "use plotter.plot(name)"),
        ("plotter", "save", "use plotter.plot(name).save(path)"),
    ],
)
def test_what_to_use_instead_is_said(what: str, name: str, hint: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(WHATS[what], name)

    message = str(caught.value)
    assert message.startswith(f"'{what.title()}' object has no attribute '{name}'; ")
    assert hint in message
    assert "\n" not in message
    assert caught.value.name == name


@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("name", ["_repr_svg_", "__array__", "_ipython_key"])
def test_what_libraries_look_for_does_not_exist(what: str, name: str) -> None:
    assert not hasattr(WHATS[what], name)
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'$"):
        getattr(WHATS[what], name)


def test_what_exists_is_found_in_a_copy_too() -> None:
    plotter: Any = copy.copy(WHATS["plotter"])

    assert plotter.plot(np.arange(3.0)).axes
