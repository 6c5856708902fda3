"""The conformance suite over the real DataLab, by both of its protocols."""

from __future__ import annotations

import pytest

from support.live_conformance import Live

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]


class TestBothProtocols(Live):
    """The Web API for the data, XML-RPC for what that cannot do."""

    by_web = by_rpc = draws = True
    share = 0
    left_out = frozenset({"test_objects_do_not_disturb_each_other"})
