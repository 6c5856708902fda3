"""The marks of the tests that try ours, the stock kernel and ipykernel."""

from __future__ import annotations

import pytest

from datalab_kernel.kernelspec import KERNEL_NAME

#: What Jupyter knows the kernels by, and what the marks call them.
NAMES = {KERNEL_NAME: "ours", "xpython": "stock", "python3": "ipykernel"}
#: The rows of a test for ours and, as what is expected, for ipykernel.
EITHER = [
    pytest.param(KERNEL_NAME, id="ours"),
    pytest.param("python3", id="ipykernel", marks=pytest.mark.slow),
]
#: The time in which a kernel that is known to fail may still surprise, in seconds.
LITTLE_PATIENCE = 6.0


def known(**defects: str) -> pytest.MarkDecorator:
    """Mark a test that some of the kernels fail, each with what it does instead.

    Args:
        defects: By the names of the marks: `stock`, `ipykernel`, `ours`.
    """
    assert {*defects} <= {*NAMES.values()}
    return pytest.mark.known_defects(**defects)
