"""The publisher of displays and the hook for results, which libraries can extend.

A hook that a library registers receives each message before it is sent, may change it,
and may return None to keep it. Hooks apply to the thread that registers them, as in
Jupyter's own kernel.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from xeus_python_shell.display import XDisplayHook, XDisplayPublisher

from datalab_kernel.shell.request_link import RequestLink
from datalab_kernel.shell.safe_json import plain
from datalab_kernel.xeus import request_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Hook = Callable[[dict[str, Any]], dict[str, Any] | None]


class Hooks(threading.local):
    """The functions that see a message before it is sent, for each thread."""

    def __init__(self) -> None:
        self.functions: list[Hook] = []

    def apply(self, kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
        """Return the content of a message after all hooks, or None to keep it."""
        if not self.functions:
            return content
        message: dict[str, Any] | None = {
            "header": {"msg_type": kind},
            "msg_type": kind,
            "parent_header": request_context.header(),
            "metadata": {},
            "content": content,
        }
        for function in self.functions:
            assert message is not None
            message = function(message)
            if message is None:
                return None
        assert message is not None
        return dict(message["content"])


class Hookable(RequestLink):
    """The methods that a publisher and a display hook have in common."""

    _hooks: Hooks

    @property
    def parent_header(self) -> dict[str, Any]:
        """The header of the request whose code is running."""
        return request_context.header()

    def register_hook(self, hook: Hook) -> None:
        """Pass the messages of the calling thread to a function before they are sent.

        Args:
            hook: It receives a message and returns the message to send, or None.
        """
        self._hooks.functions.append(hook)

    def unregister_hook(self, hook: Hook) -> bool:
        """Remove a function; return whether it was registered."""
        if hook not in self._hooks.functions:
            return False
        self._hooks.functions.remove(hook)
        return True


class DisplayPublisher(Hookable, XDisplayPublisher):  # type: ignore[misc]  # no types
    """The publisher of `display`, which converts its data to valid JSON."""

    # xeus-python sets these two functions as soon as the shell exists.
    publish_display_data: Callable[..., None] | None = None
    send_clear_output: Callable[..., None] | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._hooks = Hooks()

    def publish(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        source: str | None = None,  # noqa: ARG002  # of earlier versions of IPython
        *,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **_options: Any,
    ) -> None:
        """Show a display, or update one.

        Args:
            data: The representations, by MIME type.
            metadata: Options of the representations, by MIME type.
            source: Ignored.
            transient: `display_id`, to update the display later.
            update: Replace the displays with the same `display_id`.
            _options: Ignored.

        Raises:
            TypeError: If a value has no form in JSON.
        """
        sys.stdout.flush()
        sys.stderr.flush()
        content = self._hooks.apply(
            "update_display_data" if update else "display_data",
            {
                "data": data,
                "metadata": metadata or {},
                "transient": transient or {},
            },
        )
        if content is None or self.publish_display_data is None:
            return
        content = plain(content)
        parts = (content["data"], content["metadata"], content["transient"])
        self.publish_display_data(*parts, update)

    def clear_output(self, wait: bool = False) -> None:
        """Remove the output of the cell.

        Args:
            wait: Remove it only when the next output arrives.
        """
        sys.stdout.flush()
        sys.stderr.flush()
        content = self._hooks.apply("clear_output", {"wait": bool(wait)})
        if content is not None and self.send_clear_output is not None:
            self.send_clear_output(content["wait"])

    def __setattr__(self, name: str, value: Any) -> None:
        # xeus-python stores its function under the name of IPython's method.
        if name == "clear_output":
            name = "send_clear_output"
        super().__setattr__(name, value)


class DisplayHook(Hookable, XDisplayHook):  # type: ignore[misc]  # no types
    """The display of a cell's result, which converts it to valid JSON."""

    # xeus-python sets this function as soon as the shell exists.
    publish_execution_result: Callable[..., None] | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._hooks = Hooks()
        self.data: Mapping[str, Any] = {}
        self.metadata: Mapping[str, Any] | None = {}
        self.formatting = False

    def start_displayhook(self) -> None:
        """Begin with a result."""
        super().start_displayhook()
        self.formatting = True

    def finish_displayhook(self) -> None:
        """Send the result, unless there is nothing to show."""
        self.formatting = False
        sys.stdout.flush()
        sys.stderr.flush()
        content: dict[str, Any] | None = {
            "execution_count": self.prompt_count,
            "data": self.data,
            "metadata": self.metadata or {},
        }
        self.data, self.metadata = {}, {}
        assert content is not None
        if not content["data"] or self.publish_execution_result is None:
            return
        content = self._hooks.apply("execute_result", content)
        if content is not None:
            content = plain(content)
            self.publish_execution_result(
                content["execution_count"], content["data"], content["metadata"]
            )
