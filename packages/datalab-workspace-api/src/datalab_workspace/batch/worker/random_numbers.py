"""Random numbers that are the same for an item on any worker."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

#: The generator of the item under way; its seed until the first use.
_current: ContextVar[list[Generator | int] | None] = ContextVar(
    "datalab_workspace_batch_rng", default=None
)


def rng() -> Generator:
    """Return the random number generator of the item that is being computed.

    A function that takes its random numbers from it gives the same result for an item
    on any engine, in any order, and when a run goes on after an interruption. It is
    seeded with the item and the chain. Outside of a run, for example to try a function
    on one object, the generator is a new one with an arbitrary seed.

    Returns:
        The generator. Each call while an item is computed returns the same one.

    Example:
        >>> def noisy(signal):
        ...     signal.y += dlw.batch.rng().normal(size=len(signal.y))
        ...     return signal
    """
    held = _current.get()
    if held is None:
        return np.random.default_rng()
    found = held[0]
    if isinstance(found, int):
        held[0] = found = np.random.default_rng(found)
    return found


def seed_of(*parts: str, bits: int = 128) -> int:
    """Return a seed that is determined by some strings.

    Args:
        parts: The strings.
        bits: The seed is less than 2 to the power of this.
    """
    digest = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest, "big") >> (256 - bits)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let `rng` return a generator with a seed within this context."""
    token = _current.set([seed])
    try:
        yield
    finally:
        _current.reset(token)
