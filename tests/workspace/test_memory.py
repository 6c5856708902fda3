"""The memory that a file may expand into, in containers and under limits."""

from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path

import pytest

from datalab_workspace.errors import UnsafeFileError
from datalab_workspace.formats import memory
from datalab_workspace.formats.memory import Budget, free_memory

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no control groups"
)
MIB = 1 << 20
USED = 100  # pages


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a machine of 64 GiB, on which the process uses 100 pages."""
    monkeypatch.setattr(memory, "_physical", lambda: 64 << 30)
    monkeypatch.setattr(memory, "_address_space_limit", lambda: None)
    write(tmp_path / "proc/self/statm", f"{10 * USED} {USED} 1 1 0 1 0")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "ascii")


def free(machine: Path) -> int:
    """Return the free memory and what the process uses, in MiB."""
    return (free_memory(machine) + USED * memory._page()) // MIB


def test_without_groups_the_machine_is_the_limit(machine: Path) -> None:
    assert free(machine) == 64 << 10


@pytest.mark.parametrize("prefix", ["", "unified/"])
def test_the_lowest_limit_of_a_group_and_its_parents_counts(
    machine: Path, prefix: str
) -> None:
    group = machine / f"sys/fs/cgroup/{prefix}a/b"
    write(machine / "proc/self/cgroup", "0::/a/b\n")
    write(group / "memory.max", "max\n")
    assert free(machine) == 64 << 10
    write(group.parent / "memory.max", f"{2048 * MIB}\n")
    assert free(machine) == 2048
    write(group / "memory.max", f"{4096 * MIB}\n")
    assert free(machine) == 2048
    write(group / "memory.max", f"{1024 * MIB}\n")
    assert free(machine) == 1024


def test_groups_of_version_1_are_known(machine: Path) -> None:
    lines = "12:cpu,cpuacct:/x\n4:memory:/docker/1f\n0::/\n"
    write(machine / "proc/self/cgroup", lines)
    mount = machine / "sys/fs/cgroup/memory"
    write(mount / "memory.limit_in_bytes", "9223372036854771712\n")
    assert free(machine) == 64 << 10
    write(mount / "docker/1f/memory.limit_in_bytes", f"{512 * MIB}\n")
    assert free(machine) == 512


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("0::/system.slice/docker-1f.scope", "memory.max"),
        ("4:memory:/docker/1f", "memory/memory.limit_in_bytes"),
    ],
)
def test_a_container_sees_its_own_group_at_the_mount_point(
    machine: Path, line: str, limit: str
) -> None:
    write(machine / "proc/self/cgroup", f"{line}\n")
    write(machine / "sys/fs/cgroup" / limit, f"{256 * MIB}\n")
    assert free(machine) == 256


@pytest.mark.parametrize("text", ["", "0::", "nonsense", "0::/../../etc\n:::\n"])
def test_a_malformed_list_of_groups_is_ignored(machine: Path, text: str) -> None:
    write(machine / "proc/self/cgroup", text)
    assert free(machine) == 64 << 10


def test_nothing_is_free_beyond_the_limit(machine: Path) -> None:
    write(machine / "proc/self/cgroup", "0::/\n")
    write(machine / "sys/fs/cgroup/memory.max", "4096\n")
    assert free_memory(machine) == 0


def test_a_limit_on_the_address_space_counts() -> None:
    code = """
import resource
from datalab_workspace.formats.memory import free_memory
before = free_memory()
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
assert 0 < free_memory() < min(before, 1 << 30)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_memory_in_use_lowers_the_budget() -> None:
    before = free_memory()
    # New pages: a block of the heap may be memory that earlier tests have used.
    with mmap.mmap(-1, 64 * MIB) as block:
        block.write(b"x" * (64 * MIB))
        assert free_memory() < before - 32 * MIB


def test_a_budget_is_half_of_the_free_memory(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 1000)
    budget = Budget("a.h5", size=1_000_000)
    budget.claim("a", 600, 200, "a")
    budget.claim("a", 600, 200, "a")  # known already
    budget.claim("b", 300, 200, "b")
    with pytest.raises(UnsafeFileError, match=r"'a\.h5': c expands to 2 bytes"):
        budget.claim("c", 2, 1, "c")
