"""Jupyter's own test suite for kernels, every test of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jupyter_kernel_test
import pytest

from datalab_kernel.kernelspec import KERNEL_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# xeus-python answers requests for the history in C++, from a list of its own: it finds
# equal entries more than once, and counts from 0 in a range.
FAIL_UPSTREAM = ({"subsearch": "unique"}, {"hist_access_type": "range"})


@pytest.fixture(scope="class", autouse=True)
def known_to_jupyter(jupyter_data: Path) -> Iterator[None]:
    """Let the suite find the kernel by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(jupyter_data))
        yield


class TestKernel(jupyter_kernel_test.KernelTests):
    """The samples; the tests are inherited."""

    kernel_name = KERNEL_NAME
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('oops', file=sys.stderr)"
    completion_samples = [
        {"text": "zi", "matches": {"zip"}},
        {"text": "workspace.li", "matches": {"list"}},
    ]
    complete_code_samples = ["1", "print('x')", "def f(x):\n  return x\n\n\n"]
    incomplete_code_samples = ["print('''", "def f(x):\n  x*2"]
    invalid_code_samples = ["import = 7q"]
    code_page_something = "workspace?"
    code_generate_error = "raise ValueError('no')"
    code_execute_result = [
        {"code": "6*7", "result": "42"},
        {"code": "[1]", "result": "[1]"},
        {"code": "'a'", "result": "'a'"},
        {"code": "2*2", "result": "4"},
        {"code": "3+3", "result": "6"},
    ]
    code_display_data = [
        {
            "code": "from IPython.display import HTML; display(HTML('<b>x</b>'))",
            "mime": "text/html",
        },
        {"code": "display(plotter.plot(np.arange(9.0)))", "mime": "image/png"},
    ]
    code_history_pattern = "6*7"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"

    @contextmanager
    def subTest(self, *args: Any, **parameters: Any) -> Iterator[None]:
        with super().subTest(*args, **parameters):
            if parameters in FAIL_UPSTREAM:
                with pytest.raises(AssertionError, match=" != "):
                    yield
            else:
                yield
