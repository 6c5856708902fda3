"""The link of output to a request, which libraries set for their threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datalab_kernel.xeus import request_context

if TYPE_CHECKING:
    from collections.abc import Mapping


class RequestLink:
    """The methods with which libraries link output to an earlier request."""

    def set_parent(self, parent: Mapping[str, Any]) -> None:
        """Link the later output of the calling thread or task to an earlier request."""
        request_context.adopt(parent)

    def set_thread_parent(self, parent: Mapping[str, Any]) -> Any:
        """Link the later output of the calling thread to an earlier request.

        Returns:
            A token for `reset_thread_parent`.
        """
        return request_context.adopt(parent)

    def reset_thread_parent(self, token: Any) -> None:
        """Link the later output to the request before `set_thread_parent`."""
        request_context.reset(token)
