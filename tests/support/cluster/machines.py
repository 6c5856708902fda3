"""Machines of a cluster: network namespaces that see each other by links only.

Where they are not permitted, a machine is an address of the loopback network. Its
programs then could see each other directly, but are told the links' addresses.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from typing import IO

from support.cluster.link import Link, Quality


def namespaces_permitted() -> bool:
    """Return whether this process may make network namespaces."""
    name = f"dlk{os.getpid()}try"
    if shutil.which("ip") is None:
        return False
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True)
    if made.returncode == 0:
        _ip("netns", "del", name)
    return made.returncode == 0


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Machine:
    """A machine: its address, and the command by which a program runs on it."""

    def __init__(self, name: str, address: str, *, prefix: Sequence[str] = ()) -> None:
        self.name = name
        self.address = address
        self.prefix = [*prefix]

    def start(
        self,
        *command: str,
        log: IO[bytes],
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program, as the first of a group of its own."""
        return subprocess.Popen(
            [*self.prefix, *command],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


class Network:
    """Some machines, and the links between them.

    Args:
        count: The number of machines.
        namespaces: Whether they are network namespaces.
        quality: How well the links work.
    """

    def __init__(
        self, count: int, *, namespaces: bool, quality: Quality | None = None
    ) -> None:
        self._quality = quality
        self._opened = ExitStack()
        # Processes that run at the same time have networks of their own.
        number = os.getpid() % 2**14
        high, low = 64 + number // 256, number % 256
        if namespaces:
            self.links_at = f"10.{high}.{low}.1"
            self.machines = self._namespaces(count, f"10.{high}.{low}")
        else:
            self.links_at = f"127.{high}.{low}.1"
            self.machines = [
                Machine(f"machine {n}", f"127.{high}.{low}.{n + 2}")
                for n in range(count)
            ]

    def _namespaces(self, count: int, network: str) -> list[Machine]:
        """Make namespaces, which see nothing but the address of the links."""
        # The address is the host's whichever wire a packet comes by.
        _ip("addr", "add", f"{self.links_at}/32", "dev", "lo")
        self._opened.callback(_ip, "addr", "del", f"{self.links_at}/32", "dev", "lo")
        machines = []
        for number in range(count):
            name, wire = f"dlk{os.getpid()}n{number}", f"dlk{os.getpid()}h{number}"
            host, guest = (f"{network}.{4 * number + n}" for n in (5, 6))
            _ip("netns", "add", name)
            self._opened.callback(_ip, "netns", "del", name)
            _ip(*f"link add {wire} type veth peer name eth0 netns {name}".split())
            _ip("addr", "add", f"{host}/30", "dev", wire)
            _ip("link", "set", wire, "up")
            for arguments in (
                "link set lo up",
                f"addr add {guest}/30 dev eth0",
                "link set eth0 up",
                f"route add default via {host}",
            ):
                _ip("-n", name, *arguments.split())
            prefix = ["ip", "netns", "exec", name]
            machines.append(Machine(name, guest, prefix=prefix))
        return machines

    def link(self, target: tuple[str, int]) -> Link:
        """Make a link to a program of a machine, which all machines reach."""
        seed = target[1]
        link = Link(target, (self.links_at, 0), quality=self._quality, seed=seed)
        self._opened.callback(link.close)
        return link

    def close(self) -> None:
        """Remove all that was made."""
        self._opened.close()
