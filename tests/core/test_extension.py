"""`%load_ext datalab_kernel_core` and `%load_ext datalab_kernel` in IPython."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy
import pytest
from IPython.core.completer import provisionalcompleter

import datalab_kernel_core
from datalab_kernel_core import submodules
from datalab_workspace import Workspace

NAMES = {
    "create_image",
    "create_signal",
    "np",
    "plotter",
    "plt",
    "sigima",
    "workspace",
}
EXTENSIONS = ("datalab_kernel_core", "datalab_kernel")


def injected(shell: Any) -> set[str]:
    return NAMES & set(shell.ip.user_ns)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_either_name_brings_the_whole_namespace(shell, extension: str) -> None:
    before = set(shell.ip.user_ns)

    shell.run(f"%load_ext {extension}")

    assert set(shell.ip.user_ns) - before == NAMES


def test_the_names_are_not_listed_among_the_users_own(loaded) -> None:
    loaded.run("mine = 1")

    assert loaded.run("%who_ls") == ["mine"]


@pytest.mark.parametrize("touched", [False, True])
@pytest.mark.parametrize("again", EXTENSIONS)
@pytest.mark.parametrize("magic", ["%load_ext", "%reload_ext"])
def test_loading_again_changes_nothing(
    loaded, magic: str, again: str, touched: bool
) -> None:
    if touched:
        loaded.run("workspace.add('kept', np.arange(3.0)); create_signal; sigima.proc")
    before = {name: loaded[name] for name in NAMES}

    loaded.run(f"{magic} {again}")

    after = {name: loaded[name] for name in NAMES}
    assert all(after[name] is before[name] for name in ("workspace", "plotter"))
    assert loaded.run("list(workspace)") == ["kept"] * touched


def test_a_variable_of_the_user_stays_with_a_warning(shell) -> None:
    shell.run("np = 1; workspace = [2]")

    with pytest.warns(UserWarning, match="kept your own workspace, np;"):
        shell.run("%load_ext datalab_kernel_core")

    assert (shell["np"], shell["workspace"]) == (1, [2])
    assert injected(shell) == NAMES


def test_a_module_that_the_user_imported_under_the_same_name_needs_no_warning(
    shell,
) -> None:
    shell.run("import numpy as np\nimport matplotlib.pyplot as plt")

    shell.run("%load_ext datalab_kernel_core")

    assert shell["np"] is numpy


def test_a_name_deleted_comes_back_by_reloading(loaded) -> None:
    loaded.run("workspace.add('kept', np.arange(3.0))\nworkspace = 1\nnp = 2")
    loaded.run("del workspace, np")

    loaded.run("%reload_ext datalab_kernel_core")

    assert loaded.run("list(workspace)") == ["kept"]
    assert loaded["np"] is numpy


def test_unloading_removes_all_that_is_still_ours(loaded) -> None:
    loaded.run("np.pi; create_image; plt.rcParams; workspace.list()")

    loaded.run("%unload_ext datalab_kernel_core")

    assert injected(loaded) == set()
    assert loaded.ip.Completer.custom_matchers == []


def test_unloading_keeps_what_the_user_rebound(loaded) -> None:
    loaded.run("import math as np\nworkspace = 3")

    loaded.run("%unload_ext datalab_kernel_core")

    assert injected(loaded) == {"np", "workspace"}


def test_the_workspace_outlives_unloading(loaded) -> None:
    loaded.run("workspace.add('kept', np.arange(3.0))")

    loaded.run("%unload_ext datalab_kernel_core\n%load_ext datalab_kernel_core")

    assert loaded.run("list(workspace)") == ["kept"]


def test_unloading_what_was_never_loaded_does_nothing(shell) -> None:
    before = set(shell.ip.user_ns)

    datalab_kernel_core.unload_ipython_extension(shell.ip)

    assert set(shell.ip.user_ns) == before


@pytest.mark.parametrize("touched", [False, True])
def test_a_reset_of_all_variables_brings_the_names_and_objects_back(
    loaded, touched: bool
) -> None:
    if touched:
        loaded.run("workspace.add('kept', np.arange(3.0))")
    loaded.run("mine = np = 3")

    for _ in range(2):
        loaded.run("%reset -f")

        assert injected(loaded) == NAMES
        assert loaded.run("%who_ls") == []
        assert loaded.run("list(workspace)") == ["kept"] * touched
    assert loaded.run("float(np.sum(np.ones(3)))") == 3.0


def test_a_reset_after_unloading_brings_nothing_back(loaded) -> None:
    loaded.run("%unload_ext datalab_kernel_core\n%reset -f")

    assert injected(loaded) == set()


def test_the_package_can_be_reloaded(loaded) -> None:
    # DataLab reloads whatever is called datalab_*, in search of plugins.
    loaded.run("workspace.add('kept', np.arange(3.0))")

    importlib.reload(datalab_kernel_core)
    loaded.run("%reload_ext datalab_kernel_core")

    assert loaded.run("list(workspace)") == ["kept"]
    assert isinstance(loaded["plotter"], datalab_kernel_core.Plotter)
    assert (
        datalab_kernel_core.Plotter
        is sys.modules["datalab_kernel_core.plotter.plotter"].Plotter
    )


def test_two_shells_have_a_workspace_each(new_shell: Callable) -> None:
    first, second = new_shell(), new_shell()
    for shell in (first, second):
        shell.run("%load_ext datalab_kernel_core")

    first.run("workspace.add('mine', np.arange(3.0))")
    first.run("%unload_ext datalab_kernel_core")

    assert second.run("list(workspace)") == []
    assert submodules._finder in sys.meta_path


def test_the_plotter_follows_the_workspace_that_the_user_works_with(
    loaded, workspace: Workspace
) -> None:
    workspace.add("elsewhere", numpy.arange(3.0))
    loaded.ip.user_ns["workspace"] = workspace

    plot = loaded.run("plotter.plot('elsewhere')")
    assert repr(plot).startswith("<Plot of 'elsewhere': signal")
    loaded.run("workspace = 'no workspace'")
    with pytest.raises(KeyError, match="elsewhere"):
        loaded.run("plotter.plot('elsewhere')")


def test_a_reference_taken_before_the_first_use_is_the_same_workspace(loaded) -> None:
    loaded.run("mine = workspace")
    loaded.run("workspace.add('kept', np.arange(3.0))")

    assert loaded.run("mine is workspace")
    assert loaded.run("list(mine)") == ["kept"]


@pytest.mark.parametrize(
    ("name", "cls"),
    [("workspace", Workspace), ("plotter", datalab_kernel_core.Plotter)],
)
def test_an_inspection_shows_the_real_class(loaded, name: str, cls: type) -> None:
    found = loaded.ip.object_inspect(name)

    assert found["type_name"] == cls.__name__
    assert found["docstring"] == inspect.getdoc(cls)
    assert loaded.run(f"type({name}).__name__") == cls.__name__


@pytest.mark.parametrize("used", [False, True])
def test_methods_are_completed_before_and_after_the_first_use(
    loaded, used: bool
) -> None:
    if used:
        loaded.run("workspace.list()")

    with provisionalcompleter():
        found = [*loaded.ip.Completer.completions("workspace.ren", 13)]

    assert [one.text.lstrip(".") for one in found] == ["rename", "rename_group"]


def test_the_workspace_can_be_pickled(loaded) -> None:
    loaded.run("workspace.add('kept', np.arange(3.0))")
    loaded.run("import pickle; copied = pickle.loads(pickle.dumps(workspace))")

    assert type(loaded["copied"]) is Workspace
    assert loaded.run("list(copied)") == ["kept"]


def test_the_public_names_are_all_there() -> None:
    for name in datalab_kernel_core.__all__:
        assert getattr(datalab_kernel_core, name) is not None
    assert set(datalab_kernel_core.__all__) <= set(dir(datalab_kernel_core))
    with pytest.raises(AttributeError, match=r"'datalab_kernel_core'.*'plotters'"):
        _ = datalab_kernel_core.plotters
