"""The conformance suite over the real DataLab, by its XML-RPC alone."""

from __future__ import annotations

import pytest

from support.live_conformance import Live

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]


class TestXmlRpcAlone(Live):
    """As where the Web API has not been started."""

    by_web, by_rpc = False, True
    share = 2
    few = 2
    left_out = frozenset(
        {
            "test_a_result_has_the_bits_of_sigima_and_the_title_of_datalab",
            "test_all_these_names_fit_beside_each_other",
            "test_any_metadata_comes_back_as_it_was",
            "test_any_object_comes_back_as_it_was",
            "test_any_sequence_of_operations",
            "test_objects_do_not_disturb_each_other",
        }
    )
