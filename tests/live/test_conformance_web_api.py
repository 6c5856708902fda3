"""The conformance suite over the real DataLab, by its Web API alone."""

from __future__ import annotations

import pytest

from support.live_conformance import Live

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]


class TestWebApiAlone(Live):
    """As with a DataLab on another machine."""

    by_web, by_rpc = True, False
    share = 1
    left_out = frozenset({"test_any_sequence_of_operations"})
