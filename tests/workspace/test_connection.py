"""The errors for operations that need a protocol that is not available."""

from __future__ import annotations

import pytest

from datalab_workspace.errors import NotSupportedByProtocolError
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.discovery import Endpoint


def test_the_web_api_is_required_but_not_started() -> None:
    connection = Connection(Endpoint("settings", "1.3.0", xmlrpc_port=1))

    with pytest.raises(
        NotSupportedByProtocolError, match=r"^computing needs .*Web API.*resync\(\)"
    ):
        connection.require_web("computing")
    connection.close()


def test_xml_rpc_is_required_but_its_port_is_not_known() -> None:
    connection = Connection(Endpoint("url", "1.3.0", url="http://127.0.0.1:1"))

    assert connection.require_web("listing objects") is connection.web
    with pytest.raises(
        NotSupportedByProtocolError, match=r"^a group needs .*DATALAB_XMLRPCPORT"
    ):
        connection.require_xmlrpc("a group")
    connection.close()
