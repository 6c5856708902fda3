"""A mark in DataLab's process, which shows whether DataLab was restarted.

Neither protocol reports which process answers. So the workspace sets a property of
DataLab's main window, with a name and a value of its own. A DataLab that was restarted
does not have it. Where XML-RPC is not available, the process in DataLab's connection
file is compared, if that file belongs to the same URL.
"""

from __future__ import annotations

from uuid import uuid4

from datalab_workspace.errors import LiveError, UnreachableError
from datalab_workspace.live.clients.xmlrpc import XmlRpc
from datalab_workspace.live.clients.xmlrpc_calls import ATTEMPTS
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.endpoint import Endpoint
from datalab_workspace.live.transport.address import host_and_port
from datalab_workspace.live.webapi_settings import of_running_datalab


class ProcessMark:
    """The mark of one workspace in the process of the DataLab that it uses."""

    def __init__(self) -> None:
        self._value = ""
        self._pid: int | None = None

    def set(self, connection: Connection) -> None:
        """Mark the process, unless it is marked already."""
        if self._pid is None:
            self._pid = _pid(connection.endpoint)
        rpc = None if self._value else connection.xmlrpc_if_alive()
        if rpc is not None:
            value = f"datalab_workspace_{uuid4().hex}"
            rpc.set_property(value, value)
            if rpc.read_property(value) == value:
                self._value = value

    def renew(self, connection: Connection) -> None:
        """Mark the process of another DataLab, or of the same one."""
        self._value, self._pid = "", None
        self.set(connection)

    def is_there(self, connection: Connection) -> bool | None:
        """Return whether DataLab is the process that was marked; None if unknown."""
        if self._value and connection.rpc is not None:
            try:
                return self._is_set(connection.rpc)
            except UnreachableError:
                # DataLab's XML-RPC server runs from its start to its end.
                return False
            except LiveError:
                pass  # a dialog may be open
        pid = _pid(connection.endpoint)
        if self._pid is None or pid is None:
            return None
        return self._pid == pid

    def _is_set(self, rpc: XmlRpc) -> bool:
        # While several programs call it, DataLab may return the result of an earlier
        # call, even of another program.
        return any(
            rpc.read_property(self._value) == self._value for _ in range(ATTEMPTS)
        )


def _pid(endpoint: Endpoint) -> int | None:
    if endpoint.url is None:
        return endpoint.pid
    # Read again: DataLab may have been restarted at the same URL.
    running = of_running_datalab(host_and_port(endpoint.url))
    return running.pid if running else None
