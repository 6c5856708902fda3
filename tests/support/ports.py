"""Ports for kernels that nothing else takes before the kernel does.

`jupyter_client` takes ports that the system calls free; before the kernel binds them,
the system may have given one to a connection of another process.
"""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from jupyter_client.connect import LocalPortCache

# Below those that Linux gives to connections.
LOW, HIGH = 20_000, 32_000


@contextmanager
def kernel_ports() -> Iterator[None]:
    """Give the kernels that this process starts ports of its own."""
    # Each process begins elsewhere.
    first = LOW + os.getpid() * 1201 % (HIGH - LOW)
    ports = itertools.cycle([*range(first, HIGH), *range(LOW, first)])

    def find_available_port(cache: LocalPortCache, ip: str) -> int:
        for port in itertools.islice(ports, HIGH - LOW):
            with socket.socket() as probe:
                try:
                    probe.bind((ip, port))
                except OSError:
                    continue
            cache.currently_used_ports.add(port)
            return port
        raise OSError(f"no port from {LOW} to {HIGH} is free")

    with patch.object(LocalPortCache, "find_available_port", find_available_port):
        yield
