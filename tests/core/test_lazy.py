"""Lazy proxies for modules, functions and objects."""

from __future__ import annotations

import copy
import inspect
import pickle
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from datalab_kernel_core.lazy import (
    LazyFunction,
    LazyModule,
    is_unused,
    lazy_object,
    stands_for,
)

SOURCE = '''
"""What the module is for."""
value = 1

def double(x: int) -> int:
    """Twice x."""
    return 2 * x
'''


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that nobody has imported yet."""
    (tmp_path / "costly.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "costly", raising=False)
    yield "costly"
    sys.modules.pop("costly", None)


@pytest.fixture
def resolved() -> list[Any]:
    """The modules and functions that proxies resolved to."""
    return []


@pytest.fixture
def module(target: str, resolved: list[Any]) -> LazyModule:
    return LazyModule(target, resolved.append)


@pytest.fixture
def function(target: str, resolved: list[Any]) -> LazyFunction:
    return LazyFunction(target, "double", resolved.append)


def test_making_a_proxy_imports_nothing(module, function) -> None:
    assert isinstance(module, ModuleType)
    assert (module.__name__, function.__name__) == ("costly", "double")
    assert callable(function)
    assert "costly" not in sys.modules


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda m: m.value == 1, id="attribute"),
        pytest.param(lambda m: "double" in dir(m), id="dir"),
        pytest.param(lambda m: "costly.py" in repr(m), id="repr"),
        pytest.param(lambda m: m.__doc__ == "What the module is for.", id="doc"),
        pytest.param(lambda m: m.__file__.endswith("costly.py"), id="file"),
        pytest.param(lambda m: vars(m)["value"] == 1, id="vars"),
        pytest.param(lambda m: m.__spec__.name == "costly", id="spec"),
    ],
)
def test_a_module_is_imported_at_the_first_use(
    module, resolved: list[Any], use: Callable[[Any], bool]
) -> None:
    assert use(module)
    assert resolved == [sys.modules["costly"]]


def test_a_module_can_be_changed_through_its_proxy(module) -> None:
    module.value = 2
    del module.double

    assert sys.modules["costly"].value == 2
    assert not hasattr(sys.modules["costly"], "double")


def test_an_attribute_that_a_module_lacks_raises(module) -> None:
    with pytest.raises(AttributeError, match="'costly' has no attribute 'missing'"):
        _ = module.missing


def test_a_function_is_imported_when_it_is_called(
    function, resolved: list[Any]
) -> None:
    assert function(21) == 42
    assert resolved == [sys.modules["costly"].double]


def test_a_function_looks_like_the_real_one(function) -> None:
    assert inspect.isfunction(function)
    assert str(inspect.signature(function)) == "(x: 'int') -> 'int'".replace("'", "")
    assert inspect.getdoc(function) == "Twice x."
    assert "double" in repr(function)


@pytest.mark.parametrize("kind", ["module", "function"])
def test_a_copy_of_a_proxy_is_what_it_stands_for(
    kind: str, request: pytest.FixtureRequest
) -> None:
    proxy = request.getfixturevalue(kind)

    copies = copy.copy(proxy), copy.deepcopy(proxy)

    real = sys.modules["costly"]
    assert all(c is (real if kind == "module" else real.double) for c in copies)
    if kind == "function":
        assert pickle.loads(pickle.dumps(proxy)) is real.double


def test_a_proxy_is_compared_with_what_it_stands_for_without_an_import(
    module, function
) -> None:
    assert stands_for(module, module)
    assert not stands_for(module, 1)
    assert not stands_for(function, 1)
    assert "costly" not in sys.modules
    real = module.double
    assert stands_for(module, sys.modules["costly"])
    assert stands_for(function, real)
    assert not stands_for(function, module)


class Box:
    """Holds things."""

    def __init__(self, *items: Any) -> None:
        self.items = list(items)

    def __repr__(self) -> str:
        return f"Box({self.items})"

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]

    def __setitem__(self, index: int, value: Any) -> None:
        self.items[index] = value

    def __delitem__(self, index: int) -> None:
        del self.items[index]

    def __contains__(self, item: Any) -> bool:
        return item in self.items

    def __bool__(self) -> bool:
        return True


def box(*items: Any) -> Any:
    return lazy_object("Box", lambda: Box(*items))


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda b: b.items == [1, 2], id="attribute"),
        pytest.param(lambda b: isinstance(b, Box), id="isinstance"),
        pytest.param(lambda b: repr(b) == str(b) == f"{b}" == "Box([1, 2])", id="text"),
        pytest.param(lambda b: len(b) == 2, id="len"),
        pytest.param(lambda b: b[1] == 2, id="getitem"),
        pytest.param(lambda b: 2 in b and 3 not in b, id="contains"),
        pytest.param(lambda b: list(b) == [1, 2], id="iter"),
        pytest.param(lambda b: "items" in dir(b), id="dir"),
        pytest.param(bool, id="bool"),
        pytest.param(lambda b: b.__doc__ == "Holds things.", id="doc"),
        pytest.param(lambda b: vars(b) == {"items": [1, 2]}, id="vars"),
    ],
)
def test_an_object_is_made_at_the_first_use(use: Callable) -> None:
    proxy = box(1, 2)
    assert is_unused(proxy)

    assert use(proxy)
    assert not is_unused(proxy)


def test_the_type_of_a_lazy_object_has_the_name_of_its_class() -> None:
    proxy = box()

    assert type(proxy).__name__ == "Box"
    assert is_unused(proxy)
    assert proxy.__class__ is Box


def test_an_object_can_be_changed_at_the_first_use() -> None:
    first, second, third, fourth = box(1), box(1), box(1), box(1)

    first[0] = 5
    del second[0]
    third.items = [7]
    del fourth.items

    assert (first.items, second.items, third.items) == ([5], [], [7])
    assert not hasattr(fourth, "items")


def test_a_lazy_object_stays_the_same_object() -> None:
    proxy = box()
    holder = [proxy]

    proxy.items.append(1)

    assert holder[0] is proxy
    assert holder[0].items == [1]
    assert {proxy: 1}[holder[0]] == 1


@pytest.mark.parametrize(
    "copied",
    [
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(
            lambda proxy: pickle.loads(pickle.dumps(proxy)),
            id="pickle",
        ),
    ],
)
def test_a_copy_of_a_lazy_object_is_a_real_object(
    copied: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pickle finds a class by the module that defines it, which must be importable.
    module = ModuleType("boxes")
    module.Box = Box
    monkeypatch.setitem(sys.modules, "boxes", module)
    monkeypatch.setattr(Box, "__module__", "boxes")
    proxy = box(1)

    result = copied(proxy)

    assert type(result) is Box
    assert result.items == [1]


def test_an_object_that_cannot_be_made_raises_until_it_can() -> None:
    allowed = False

    def make() -> Box:
        if not allowed:
            raise LookupError("not yet")
        return Box()

    proxy = lazy_object("Box", make)

    for _ in range(2):
        with pytest.raises(LookupError, match="not yet"):
            _ = proxy.items
    assert is_unused(proxy)
    allowed = True
    assert proxy.items == []


def test_threads_that_use_an_object_at_once_make_it_once() -> None:
    made, inside, go_on = [], threading.Event(), threading.Event()

    def make() -> Box:
        made.append(Box())
        inside.set()
        assert go_on.wait(10)
        return made[-1]

    proxy = lazy_object("Box", make)
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.append(len(proxy))) for _ in "1234"]
    for thread in threads:
        thread.start()
    assert inside.wait(10)
    go_on.set()
    for thread in threads:
        thread.join()

    assert seen == [0] * 4
    assert len(made) == 1


def test_what_a_module_imports_in_vain_is_named_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "with_requirement.py").write_text("import no_such_package.part")
    monkeypatch.syspath_prepend(tmp_path)
    proxy = LazyModule("with_requirement", lambda _: None)

    with pytest.raises(
        ModuleNotFoundError,
        match=r"^with_requirement needs no_such_package, which is not installed here: ",
    ) as caught:
        proxy.anything  # noqa: B018  the import is its effect

    assert caught.value.__suppress_context__
