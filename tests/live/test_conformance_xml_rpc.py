"""The conformance suite over the real DataLab, by its XML-RPC alone."""

from __future__ import annotations

import pytest
from live_suite import Live

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]


class TestXmlRpcAlone(Live):
    """As where the Web API has not been started."""

    by_web, by_rpc = False, True
    share = 2
    few = 4
    left_out = frozenset({"test_objects_do_not_disturb_each_other"})
