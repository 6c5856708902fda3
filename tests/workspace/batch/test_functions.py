"""The functions of a chain: what identifies them, and what they may take along."""

from __future__ import annotations

import importlib
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import batch
from datalab_workspace.batch.chains.chain import Chain, make_chain

Defined = Callable[..., Any]


@pytest.fixture
def defined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Defined]:
    """Return a function that defines code in a module of the user."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made: list[str] = []

    def define(code: str, name: str = "own_code") -> ModuleType:
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        importlib.invalidate_caches()
        sys.modules.pop(name, None)
        made.append(name)
        return importlib.import_module(name)

    yield define
    for name in made:
        sys.modules.pop(name, None)


def fingerprint(module: ModuleType, name: str = "f") -> str:
    return make_chain(getattr(module, name)).fingerprint


BASE = "import numpy as np\nn = 3\n\ndef f(s):\n    return {'a': s.y.max() * n}\n"


@pytest.mark.parametrize(
    "code",
    [
        BASE.replace("    return", "    # a comment\n\n    return"),
        BASE.replace("(s):", "(s):\n    '''Return a value.'''"),
        BASE.replace("s.y.max() * n", "(s.y.max()\n            * n)"),
        BASE.replace("n = 3", "other = 7\ny = [1]\n\n\nn = 3"),
    ],
)
def test_layout_comments_and_other_variables_do_not_matter(
    defined: Defined, code: str
) -> None:
    before = fingerprint(defined(BASE))
    assert fingerprint(defined(code)) == before


HELPER = "def g(v):\n    return v + 1\n\ndef f(s, k=2):\n    return {'a': g(s.y[0])}\n"
CLOSURE = "def outer(k):\n    def f(s):\n        return {'a': k}\n    return f\nf = "
CLASS = (
    "class C:\n    k = 1\n    def go(self, s):\n        return {'a': self.k}\n\n"
    "def f(s):\n    return C().go(s)\n"
)
ARRAY = "import numpy as np\nw = np.arange(5.0)\n\ndef f(s):\n    return {'a': w[0]}\n"


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        (BASE, "* n", "+ n"),
        (BASE, "n = 3", "n = 4"),
        (BASE, "n = 3", "n = 3.0"),
        (HELPER, "v + 1", "v + 2"),
        (HELPER, "k=2", "k=3"),
        (CLOSURE + "outer(1)\n", "outer(1)", "outer(2)"),
        (CLASS, "k = 1", "k = 2"),
        (CLASS, "self.k}", "-self.k}"),
        (ARRAY, "5.0", "6.0"),
        (ARRAY, "np.arange(5.0)", "{'a': {1, 2}}"),
    ],
)
def test_another_code_or_value_is_another_chain(
    defined: Defined, code: str, old: str, new: str
) -> None:
    before = fingerprint(defined(code))
    assert fingerprint(defined(code)) == before
    assert fingerprint(defined(code.replace(old, new))) != before


def test_another_session_gives_the_same_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "own_code.py").write_text(
        f"{HELPER}\nimport functools\n"
        "h = functools.partial(f, k={'b', 'a', 'c'})\n"
        "from datalab_workspace.batch.chains.chain import make_chain\n"
        "print(make_chain([h, ('moving_average', {'n': 5})]).fingerprint)\n",
        encoding="utf-8",
    )
    found = {
        subprocess.run(
            [sys.executable, "own_code.py"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_a_module_that_changed_on_disk_is_not_taken_for_the_code(
    defined: Defined, tmp_path: Path
) -> None:
    module = defined(BASE)
    (tmp_path / "own_code.py").write_text(BASE.replace("* n", "+ n"), encoding="utf-8")
    old = fingerprint(module)
    assert fingerprint(defined(BASE.replace("* n", "+ n"))) != old


def test_lambdas_and_functions_without_source_count_by_their_code() -> None:
    one, other = (make_chain(f) for f in (lambda s: {"a": 1}, lambda s: {"a": 2}))
    assert one.fingerprint != other.fingerprint
    namespace: dict[str, Any] = {}
    exec("def f(s):\n    return {'a': 1}", namespace)
    assert make_chain(namespace["f"]).fingerprint


def test_a_chain_sees_a_variable_that_changed_since_it_was_made(
    defined: Defined,
) -> None:
    module = defined(BASE)
    chain = batch.chain(module.f)
    before = make_chain(chain).fingerprint
    module.n = 5
    assert make_chain(chain).fingerprint != before


def test_a_function_that_uses_a_workspace_is_refused() -> None:
    workspace = dlw.Workspace()

    def f(_signal: Any) -> dict[str, Any]:
        return {"a": len(workspace)}

    for key in (None, "1"):
        with pytest.raises(ValueError, match="'workspace', a workspace"):
            _ = make_chain(f, key=key).fingerprint
    with pytest.raises(ValueError, match="a workspace"):
        _ = make_chain(workspace.calc.__call__).fingerprint


def test_a_function_that_takes_too_much_along_is_refused_with_the_names() -> None:
    background, small = np.zeros(2_000_000), np.zeros(10)

    def f(signal: Any) -> dict[str, Any]:
        return {"a": float(signal.y[0] - background[0] + small[0])}

    with pytest.raises(ValueError, match=r"16\.0 MB.*'background' \(16\.0 MB\)"):
        _ = make_chain(f).fingerprint


def test_a_value_inside_of_a_variable_is_refused_by_both_names() -> None:
    class Panel:
        def __init__(self) -> None:
            self.guard = threading.RLock()

    panel = Panel()
    with pytest.raises(ValueError, match="'panel', in which 'guard' is a RLock"):
        _ = make_chain(lambda s: panel).fingerprint


def test_a_value_without_stable_content_needs_a_key() -> None:
    lock = threading.Lock()

    def f(_signal: Any) -> None:
        with lock:
            pass

    with pytest.raises(ValueError, match=r"'lock'.*pass key="):
        _ = make_chain(f).fingerprint
    one, other = (make_chain(f, key=key).fingerprint for key in ("1", "2"))
    assert one != other


def noise_of_module(signal: Any) -> dict[str, Any]:
    return {"a": np.random.normal(size=1)[0] + signal.y[0]}  # noqa: NPY002  # as users do


def noise_without_seed(signal: Any) -> dict[str, Any]:
    return {"a": np.random.default_rng().normal() + signal.y[0]}


def noise_of_python(signal: Any) -> dict[str, Any]:
    return {"a": random.random() + signal.y[0]}  # as users do


_generator = np.random.default_rng(1)


def noise_of_variable(signal: Any) -> dict[str, Any]:
    return {"a": _generator.normal() + signal.y[0]}


@pytest.mark.parametrize(
    "function",
    [noise_of_module, noise_without_seed, noise_of_python, noise_of_variable],
)
def test_random_numbers_that_no_item_determines_are_refused(
    function: FunctionType,
) -> None:
    with pytest.raises(ValueError, match=r"dlw\.batch\.rng\(\)"):
        _ = make_chain(function).fingerprint


def test_random_numbers_with_a_seed_are_accepted() -> None:
    def f(_signal: Any) -> dict[str, Any]:
        return {"a": np.random.default_rng(3).normal()}

    assert make_chain(f).fingerprint


def test_a_worker_needs_no_module_of_the_user(defined: Defined, tmp_path: Path) -> None:
    defined("def g(v):\n    return v + 1\n", "own_helper")
    module = defined("import own_helper\ndef f(s):\n    return own_helper.g(s)\n")
    content = tmp_path / "chain"
    content.write_bytes(make_chain(module.f).dumps())
    code = (
        "import pathlib, sys\nfrom datalab_workspace.batch.chains.chain import Chain\n"
        "chain = Chain.loads(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "print(chain.steps[0].function(4), chain.fingerprint)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(content)],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    assert result.stdout.split() == ["5", make_chain(module.f).fingerprint]


def test_without_cloudpickle_the_error_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(ModuleNotFoundError, match=r"datalab-workspace-api\[batch\]"):
        make_chain(lambda s: s).dumps()
    assert Chain.loads(batch.chain("fwhm").dumps()).description == "fwhm"
