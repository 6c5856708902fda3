"""The names that modules and classes define, read without importing them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from datalab_kernel_core import submodules
from datalab_kernel_core.public_names import class_names, module_names
from datalab_kernel_core.variables import CLASSES


@pytest.fixture
def all_submodules_listed() -> Iterator[None]:
    submodules.install()
    yield
    submodules.uninstall()


def public(value: object) -> set[str]:
    return {name for name in dir(value) if not name.startswith("_")}


@pytest.mark.parametrize(
    "name",
    [
        "sigima",
        "sigima.params",
        "sigima.proc",
        "sigima.proc.image",
        "sigima.proc.signal",
    ],
)
@pytest.mark.usefixtures("all_submodules_listed")
def test_the_names_in_the_source_are_those_of_the_module(name: str) -> None:
    names = module_names(name)

    assert names is not None
    assert set(names) == public(import_module(name))


def test_the_names_in_the_source_are_those_of_the_class(
    in_new_process: Callable[[str], Any],
) -> None:
    script = f"""
import json, sys
from datalab_kernel_core.public_names import class_names
before = [class_names(module, name) for name, module in {CLASSES!r}.items()]
unloaded = not {{*{CLASSES!r}.values(), "numpy"}} & set(sys.modules)
print(json.dumps([unloaded, before]))
"""
    unloaded, before = in_new_process(script)

    assert unloaded
    for names, (name, module) in zip(before, CLASSES.items(), strict=True):
        class_ = getattr(import_module(module), name)
        assert names == class_names(module, name)
        assert set(names) == public(class_)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            (
                "import os, a.b as c, d.e\nfrom f import g, Half, I as Joined, K_L\n"
                "x, y = 1, 2\nz: int = 3\nunset: int\n_private = 4\n"
                "class M: pass\ndef n(): pass\n"
            ),
            {
                **dict.fromkeys(("os", "c", "d", "submodule"), "module"),
                **dict.fromkeys(("Half", "Joined", "M"), "class"),
                **dict.fromkeys(("g", "n"), "function"),
                **dict.fromkeys(("K_L", "x", "y", "z"), "instance"),
            },
        ),
        ("try:\n    import a\nexcept ImportError:\n    a = None\n", ["a"]),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    b = 1\n", ["b"]),
        ("from a import *", None),
        ("def __getattr__(name): ...", None),
        ("if a:\n    b = 1\n", None),
        ("a = 1\ndel a\n", None),
        ("def not_python", None),
    ],
)
def test_a_module_is_read_only_as_far_as_its_source_is_certain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, expected: Any
) -> None:
    package = tmp_path / f"package_{abs(hash(source))}"
    package.mkdir()
    (package / "__init__.py").write_text(source)
    (package / "submodule.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    names = module_names(package.name)

    assert package.name not in sys.modules
    if isinstance(expected, list):
        assert set(names or ()) == {*expected, "submodule"}
    else:
        assert names == expected


@pytest.mark.parametrize("name", ["nowhere", "sigima.nowhere", "sys", "sigima.x.y"])
def test_a_module_without_a_source_file_has_no_names(name: str) -> None:
    assert module_names(name) is None
