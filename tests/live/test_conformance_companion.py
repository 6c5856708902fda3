"""The conformance suite over the companion inside the real DataLab."""

from __future__ import annotations

import pytest

from support.live_conformance import Companion

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]


class TestCompanion(Companion):
    """One endpoint for everything."""
