"""The events of DataLab's window, as the companion reports them."""

from __future__ import annotations

from datalab_workspace.errors import LiveError
from datalab_workspace.live.companion.client import CompanionClient
from datalab_workspace.live.transport.base import Timeouts


class WindowEvents:
    """The events that a client has not asked for yet.

    Args:
        client: The client; nothing else uses it.
    """

    def __init__(self, client: CompanionClient) -> None:
        self._client = client
        self._known: dict[str, object] = {}

    def have_come(self, wait: float, timeouts: Timeouts | None = None) -> bool:
        """Return whether something has changed since the last call.

        Args:
            wait: Seconds to wait for a change.
            timeouts: The seconds to wait for the answer.

        Raises:
            LiveError: The companion cannot be asked.
        """
        try:
            said = self._client.read(
                "events", timeouts=timeouts, wait=wait, **self._known
            ).header
        except LiveError:
            self._known = {}
            raise
        # A change may have happened before the first answer.
        first = not self._known
        self._known = {"since": said["rev"], "boot": said["boot"]}
        return bool(first or said["events"] or said["missed"])
