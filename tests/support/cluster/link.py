"""A link between machines that delays what it carries, and loses some of it.

It stands for `tc netem delay 10ms loss 1%` where the kernel has no netem. TCP hides a
lost segment from programs: what follows waits until it is sent again. So does what is
carried here.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
Address = tuple[str, int]
SEGMENT = 1448
#: How long Linux waits at least before it sends the last segment again, in seconds.
TIMEOUT = 0.2
#: How many segments have to follow a lost one that it is sent again earlier.
DUPLICATES = 3


@dataclass(frozen=True)
class Quality:
    """The properties of a link.

    Attributes:
        delay: Seconds that each direction takes.
        loss: The share of the segments that are lost.
    """

    delay: float = 0.01
    loss: float = 0.01

    def seconds(self, size: int, chance: random.Random) -> float:
        """Return how long bytes take that were sent at once."""
        segments = -(-size // SEGMENT)
        seconds = self.delay
        for number in range(segments):
            if chance.random() < self.loss:
                early = segments - number > DUPLICATES
                seconds += 2 * self.delay if early else TIMEOUT
        return seconds


class Link:
    """The way to one address, in a thread of its own.

    Args:
        target: Where it leads.
        listen: Where it begins. A port of 0 is replaced by one that is free.
        quality: How well it works.
        seed: The seed by which segments are lost.
    """

    def __init__(
        self,
        target: Address,
        listen: Address,
        *,
        quality: Quality | None = None,
        seed: int = 0,
    ) -> None:
        self._target = target
        self._quality = quality or Quality()
        self._chance = random.Random(seed)
        self._open: set[asyncio.StreamWriter] = set()
        self._up = True
        self.carried = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._accept, *listen))
        self.address: Address = self._server.sockets[0].getsockname()[:2]

    def _do(self, what: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(what, self._loop)
        return future.result()

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        self._up = False
        self._do(self._abort())

    def restore(self) -> None:
        """Accept connections again."""
        self._up = True

    def close(self) -> None:
        """Break all connections, and end."""
        self._server.close()
        self.cut()
        self._do(self._cancel())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _abort(self) -> None:
        for writer in [*self._open]:
            writer.transport.abort()

    async def _cancel(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if not self._up:
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, there[1]}
        self._open |= ends
        try:
            await asyncio.gather(
                self._carry(reader, there[1]), self._carry(there[0], writer)
            )
        except (OSError, asyncio.CancelledError):
            pass  # an end broke the connection, or the link ends: so does the other end
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carry one direction until its end."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(256)

        async def send() -> None:
            arrives, data = await under_way.get()
            while data:
                await asyncio.sleep(arrives - self._loop.time())
                writer.write(data)
                await writer.drain()
                arrives, data = await under_way.get()
            await asyncio.sleep(arrives - self._loop.time())
            if writer.can_write_eof():
                writer.write_eof()

        async def receive() -> None:
            arrives, data = 0.0, b"-"
            while data:
                data = await reader.read(2**16)
                self.carried += len(data)
                taken = self._quality.seconds(len(data), self._chance)
                # Nothing overtakes what waits to be sent again.
                arrives = max(arrives, self._loop.time() + taken)
                await under_way.put((arrives, data))

        await asyncio.gather(send(), receive())
