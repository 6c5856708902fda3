"""Repeated runs of a test that looks for a race."""

from __future__ import annotations

import pytest


def repeated(times: int, *, usually: int = 2) -> pytest.MarkDecorator:
    """Give a test the argument `number`, from 0 on.

    Args:
        times: How often it runs in all.
        usually: How many of these runs are not slow.
    """
    rare = [pytest.param(n, marks=pytest.mark.slow) for n in range(usually, times)]
    return pytest.mark.parametrize("number", [*range(usually), *rare])
