"""A module is acted upon once it is imported, and is otherwise as ever."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from datalab_kernel_core.imports import ImportHook

NAME = "acted_upon"


@pytest.fixture
def module_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that nobody has imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    path = tmp_path / f"{NAME}.py"
    path.write_text("value = 1\n")
    return path


def test_the_action_follows_the_import(module_file: Path) -> None:
    seen: list[int] = []
    ImportHook({NAME}, lambda module: seen.append(module.value)).install()
    assert seen == []

    module = import_module(NAME)

    assert seen == [1]
    assert module.__file__ == str(module_file)
    assert isinstance(module.__loader__, SourceFileLoader)


def test_the_action_is_called_at_once_for_an_imported_module(module_file: Path) -> None:
    seen: list[ModuleType] = []
    module = import_module(NAME)

    ImportHook({NAME}, seen.append).install()

    assert seen == [module]


def test_two_hooks_both_act(module_file: Path) -> None:
    seen: list[str] = []
    ImportHook({NAME}, lambda _module: seen.append("first")).install()
    ImportHook({NAME}, lambda _module: seen.append("second")).install()

    import_module(NAME)

    assert sorted(seen) == ["first", "second"]


def test_an_uninstalled_hook_acts_no_more(module_file: Path) -> None:
    hook = ImportHook({NAME}, lambda _module: pytest.fail("it acts"))
    hook.install()

    hook.uninstall()

    import_module(NAME)
