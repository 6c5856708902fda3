"""Callbacks that receive change events, and the threads on which they are called.

Everything that follows a workspace (displays, history, recovery, plots that update
themselves) subscribes here. An event is delivered after the call that made the change,
when the session's lock is free again.
"""

from __future__ import annotations

import queue
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from types import MethodType, TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from datalab_workspace.events import ChangeEvent, Origin
from datalab_workspace.runtime import IN_BROWSER

if TYPE_CHECKING:
    import asyncio

Callback: TypeAlias = "Callable[[ChangeEvent], object]"

#: The thread on which a script receives changes that were made elsewhere.
THREAD_NAME = "datalab-workspace-events"


class Subscription:
    """A callback that receives the change events of a workspace until it is cancelled.

    It is a context manager, too, which cancels the subscription at its end.

    Example:
        >>> with workspace.on_change(lambda event: print(event.kind, *event.uuids)):
        ...     _ = workspace.add("more", np.zeros(3))
        added ...
    """

    def __init__(self, callback: Callback, dispatcher: Dispatcher) -> None:
        self._callback: Callable[[], Callback | None]
        if isinstance(callback, MethodType):
            # A method must not keep its object alive.
            self._callback = weakref.WeakMethod(callback, self._forget)
        else:
            self._callback = lambda: callback
        self._dispatcher = weakref.ref(dispatcher)
        self._loop = _running_loop()

    @property
    def active(self) -> bool:
        """True until the subscription is cancelled, or its object is gone."""
        dispatcher = self._dispatcher()
        return dispatcher is not None and dispatcher.holds(self)

    def cancel(self) -> None:
        """End the subscription; calling it again does nothing."""
        dispatcher = self._dispatcher()
        if dispatcher is not None:
            dispatcher.remove(self)

    def __enter__(self) -> Subscription:  # noqa: PYI034 (Self needs Python 3.11)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cancel()

    def deliver(self, event: ChangeEvent) -> None:
        """Call the callback; an error of its own is logged and goes no further."""
        callback = self._callback()
        if callback is None or not self.active:
            return
        try:
            callback(event)
        except Exception:
            import logging

            log = logging.getLogger(__name__)
            log.exception("the callback %r of on_change() failed", callback)

    def deliver_elsewhere(self, event: ChangeEvent) -> None:
        """Call the callback on its event loop, or on the events' thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(self.deliver, event)
            except RuntimeError:  # it was closed in this moment
                pass
            else:
                return
        if IN_BROWSER:  # there are no threads
            self.deliver(event)
        else:
            _thread.put(lambda: self.deliver(event))

    def _forget(self, _reference: object) -> None:
        self.cancel()


class Dispatcher:
    """The subscriptions of one session, and the events that wait for delivery."""

    def __init__(self) -> None:
        self._subscriptions: tuple[Subscription, ...] = ()
        self._lock = threading.Lock()
        self._waiting = _Waiting()

    def add(self, callback: Callback) -> Subscription:
        """Subscribe a callback."""
        if not callable(callback):
            raise TypeError(
                f"on_change() expects a function, got {type(callback).__name__}"
            )
        subscription = Subscription(callback, self)
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
        return subscription

    def remove(self, subscription: Subscription) -> None:
        """Forget a subscription, if it is known."""
        with self._lock:
            self._subscriptions = tuple(
                other for other in self._subscriptions if other is not subscription
            )

    def holds(self, subscription: Subscription) -> bool:
        """Return whether a subscription is still in force."""
        return subscription in self._subscriptions

    def __bool__(self) -> bool:
        return bool(self._subscriptions)

    def dispatch(self, event: ChangeEvent) -> None:
        """Deliver an event.

        Events of this notebook reach the callbacks on this thread, one after the other:
        a change that a callback makes is a later event. Other events are handed to the
        event loop of the subscriber, or to the events' thread.
        """
        if event.origin is not Origin.NOTEBOOK:
            for subscription in self._subscriptions:
                subscription.deliver_elsewhere(event)
            return
        waiting = self._waiting
        waiting.events.append(event)
        if waiting.delivering:
            return
        waiting.delivering = True
        try:
            while waiting.events:
                current = waiting.events.popleft()
                for subscription in self._subscriptions:
                    subscription.deliver(current)
        finally:
            waiting.delivering = False


class _Waiting(threading.local):
    """The events that one thread has made and not delivered yet."""

    def __init__(self) -> None:
        self.events: deque[ChangeEvent] = deque()
        self.delivering = False


class _EventThread:
    """A daemon thread that makes calls one after the other; it starts when needed."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], Any]] = queue.SimpleQueue()
        self._started: threading.Thread | None = None
        self._lock = threading.Lock()

    def put(self, call: Callable[[], Any]) -> None:
        self._calls.put(call)
        with self._lock:
            # After os.fork() there is a thread of that name no longer.
            if self._started is None or not self._started.is_alive():
                self._started = threading.Thread(
                    target=self._run, name=THREAD_NAME, daemon=True
                )
                self._started.start()

    def _run(self) -> None:
        while True:
            self._calls.get()()


_thread = _EventThread()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    # Importing asyncio takes time; unless it has been imported, no loop is running.
    asyncio = sys.modules.get("asyncio")
    try:
        return None if asyncio is None else asyncio.get_running_loop()
    except RuntimeError:
        return None
