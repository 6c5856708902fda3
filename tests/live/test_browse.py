"""The panel of `workspace.browse` follows the real DataLab, and changes it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from datalab_kernel_core.browse import registration
from datalab_workspace import Workspace
from support.panel_messages import Page
from support.racing import by_companion
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.fixture
def workspace(companion_datalab: Application) -> Iterator[Workspace]:
    companion = companion_datalab.companion
    workspace = by_companion({"url": companion.url, "token": companion.token})
    yield workspace
    workspace.disconnect()


@pytest.fixture
def page(workspace: Workspace) -> Iterator[Page]:
    """A panel that shows two signals and an image in DataLab."""
    registration.install()
    workspace.update({"one": np.arange(9.0), "two": np.ones(9), "spot": np.eye(8)})
    page = Page(workspace.browse())
    page.rows()
    yield page
    page.panel.close()


def test_the_panel_follows_the_user_of_datalab(
    companion_datalab: Application, page: Page
) -> None:
    one, two = page.key("one"), page.key("two")

    companion_datalab.act("rename", "signal", one, "theirs")
    page.wait_for_row(key=one, name="theirs")
    companion_datalab.act("select", "signal", [two])
    page.wait_for_row(key=two, selected=True)
    companion_datalab.act("add", "signal", "new", [1.0, 2.0])
    page.wait_for_row(name="new")


def test_the_menu_changes_datalab_and_undo_restores_it(
    companion_datalab: Application, page: Page
) -> None:
    abilities = page.ask("rows", count=10)["abilities"]
    assert abilities == {"undo": True, "window": True, "groups": True}

    page.act("rename", "one", name="ours")
    page.act("remove", "two")
    assert list(companion_datalab.act("titles", "signal").values()) == ["ours"]
    page.act("undo")
    assert list(companion_datalab.act("titles", "signal").values()) == ["ours", "two"]

    page.act("select", "two")
    page.wait_for_row(name="two", selected=True)
    assert page.act("show", "spot")["done"] == "shown in DataLab"


def test_the_pictures_of_small_objects_are_fetched(page: Page) -> None:
    keys = [page.key("one"), page.key("spot")]
    sizes = dict(page.ask("pictures", uuids=keys)["pictures"])
    sizes |= dict(page.ask("pictures", uuids=keys[1:])["pictures"])

    assert sizes == {keys[0]: [96, 24], keys[1]: [32, 32]}
