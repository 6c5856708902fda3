"""Callbacks that receive change events, and the threads on which they are called.

Everything that follows a workspace (displays, history, recovery, plots that update
themselves) subscribes here. An event is delivered after the call that made the change,
when the session's lock is free again.
"""

from __future__ import annotations

import inspect
import queue
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import MethodType, TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from datalab_workspace.events import ChangeEvent, Origin
from datalab_workspace.forks import follow_forks, usable
from datalab_workspace.runtime import IN_BROWSER

if TYPE_CHECKING:
    import asyncio

Callback: TypeAlias = "Callable[[ChangeEvent], object]"

#: The thread on which a script receives changes that were made elsewhere.
THREAD_NAME = "datalab-workspace-events"


class Subscription:
    """The handle of a callback that receives the change events of a workspace.

    It is a context manager, too, which cancels the subscription at its end.

    Args:
        dispatcher: The dispatcher that calls the callback.
        subscriber: The callback and its event loop.

    Example:
        >>> with workspace.on_change(lambda event: print(event.kind, *event.uuids)):
        ...     _ = workspace.add("more", np.zeros(3))
        added ...
    """

    def __init__(self, dispatcher: Dispatcher, subscriber: Subscriber) -> None:
        # A handle that is kept must not keep the workspace alive.
        self._dispatcher = weakref.ref(dispatcher)
        self._subscriber = weakref.ref(subscriber)

    @property
    def active(self) -> bool:
        """True until the subscription is cancelled, or its object is gone."""
        dispatcher, subscriber = self._dispatcher(), self._subscriber()
        return dispatcher is not None and subscriber in dispatcher

    def cancel(self) -> None:
        """End the subscription; a second call does nothing.

        Example:
            >>> handle = workspace.on_change(print)
            >>> handle.cancel()
            >>> handle.active
            False
        """
        dispatcher, subscriber = self._dispatcher(), self._subscriber()
        if dispatcher is not None and subscriber is not None:
            dispatcher.remove(subscriber)

    def __enter__(self) -> Subscription:  # noqa: PYI034 (Self needs Python 3.11)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cancel()


class Subscriber:
    """A callback, and the event loop that was running when it subscribed.

    Args:
        callback: The callback. A bound method is not kept alive.
        dispatcher: The dispatcher that it subscribes to.
        own_only: It receives no changes that were made elsewhere.
        selection: It receives changes of the selection, too.

    Attributes:
        own_only: See above.
        selection: See above.
    """

    def __init__(
        self,
        callback: Callback,
        dispatcher: Dispatcher,
        *,
        own_only: bool = False,
        selection: bool = False,
    ) -> None:
        self.own_only = own_only
        self.selection = selection
        self._dispatcher = weakref.ref(dispatcher)
        self._loop = _running_loop()
        self._callback: Callable[[], Callback | None] = lambda: callback
        if isinstance(callback, MethodType):
            with suppress(TypeError):  # its class has slots, without __weakref__
                self._callback = weakref.WeakMethod(callback, self._leave)

    def receive(self, event: ChangeEvent) -> None:
        """Call the callback; its errors are logged and go no further."""
        callback, dispatcher = self._callback(), self._dispatcher()
        if callback is None or dispatcher is None or self not in dispatcher:
            return
        try:
            callback(event)
        except Exception:
            import logging

            log = logging.getLogger(__name__)
            log.exception("the callback %r of on_change() failed", callback)

    def receive_elsewhere(self, event: ChangeEvent) -> None:
        """Call the callback on its event loop, or on the events' thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(self.receive, event)
            except RuntimeError:  # the loop was closed in this moment
                pass
            else:
                return
        if IN_BROWSER:  # there are no threads
            self.receive(event)
        else:
            _thread.put(lambda: self.receive(event))

    def _leave(self, _reference: object) -> None:
        dispatcher = self._dispatcher()
        if dispatcher is not None:
            dispatcher.remove(self)


class Dispatcher:
    """The subscribers of one session, and the events that wait for delivery."""

    def __init__(self) -> None:
        self._subscribers: tuple[Subscriber, ...] = ()
        self._lock = threading.RLock()
        self._waiting = _Waiting()
        follow_forks(self)

    def after_fork(self) -> None:
        """Release the lock in a forked child if a thread of the parent holds it."""
        self._lock = usable(self._lock, threading.RLock)

    def add(
        self, callback: Callback, *, own_only: bool = False, selection: bool = False
    ) -> Subscription:
        """Subscribe a callback.

        Args:
            callback: The callback.
            own_only: Deliver only the changes of this notebook; those of others need
                not be waited for.
            selection: Also deliver changes of the selection.
        """
        if not callable(callback):
            raise TypeError(
                f"on_change() expects a function, got {type(callback).__name__}"
            )
        if inspect.iscoroutinefunction(callback):
            raise TypeError(
                f"on_change() expects a plain function, and {callback.__name__!r} is a "
                "coroutine function; start a task in a plain function instead"
            )
        subscriber = Subscriber(callback, self, own_only=own_only, selection=selection)
        with self._lock:
            self._subscribers = (*self._subscribers, subscriber)
        return Subscription(self, subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        """Remove a subscriber, if it is known."""
        # The garbage collector may call this in any frame, also in that of `add`.
        with self._lock:
            self._subscribers = tuple(
                other for other in self._subscribers if other is not subscriber
            )

    def __contains__(self, subscriber: object) -> bool:
        return subscriber in self._subscribers

    def __bool__(self) -> bool:
        return bool(self._subscribers)

    @property
    def follow_others(self) -> bool:
        """Whether a callback receives changes that are made elsewhere."""
        return not all(subscriber.own_only for subscriber in self._subscribers)

    @property
    def follow_selection(self) -> bool:
        """Whether a callback receives changes of the selection."""
        return any(subscriber.selection for subscriber in self._subscribers)

    def dispatch(self, event: ChangeEvent) -> None:
        """Deliver an event.

        Events of this notebook reach the callbacks on this thread, one after the other:
        a change that a callback makes is a later event. Other events are handed to the
        event loop of the subscriber, or to the events' thread.
        """
        if event.origin is not Origin.NOTEBOOK:
            for subscriber in self._concerned(event):
                if not subscriber.own_only:
                    subscriber.receive_elsewhere(event)
            return
        waiting = self._waiting
        waiting.events.append(event)
        if waiting.delivering:
            return
        waiting.delivering = True
        try:
            while waiting.events:
                current = waiting.events.popleft()
                for subscriber in self._concerned(current):
                    subscriber.receive(current)
        finally:
            waiting.delivering = False

    def _concerned(self, event: ChangeEvent) -> tuple[Subscriber, ...]:
        """Return the subscribers that receive an event of this kind."""
        if event.kind != "selected":
            return self._subscribers
        return tuple(filter(lambda subscriber: subscriber.selection, self._subscribers))


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
        follow_forks(self)

    def after_fork(self) -> None:
        """Forget the calls of the parent in a forked child, where no thread runs."""
        self._calls = queue.SimpleQueue()
        self._started = None
        self._lock = threading.Lock()

    def put(self, call: Callable[[], Any]) -> None:
        self._calls.put(call)
        with self._lock:
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
