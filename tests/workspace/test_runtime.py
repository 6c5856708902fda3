"""What is done where a package, or threads, cannot be had."""

from __future__ import annotations

import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from datalab_workspace import runtime
from datalab_workspace.formats.h5 import array_io


def test_what_is_installed_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "this", raising=False)

    runtime.require("this", "a test")

    assert "this" not in sys.modules


def test_what_is_missing_is_named_with_a_way_out() -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        runtime.require("no_such_package", "the test", "do without")

    assert caught.value.name == "no_such_package"
    assert str(caught.value) == (
        "the test needs no_such_package, which is not installed here: "
        "install it with pip or conda, or do without"
    )


def test_a_checksum_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_threads(*_: object) -> ThreadPoolExecutor:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(array_io, "IN_BROWSER", True)
    monkeypatch.setattr(array_io, "ThreadPoolExecutor", no_threads)
    blocks = [bytes([number]) * array_io.BLOCK for number in (1, 2)]
    checksum = array_io.Checksum(2 * array_io.BLOCK)

    for block in blocks:
        checksum.update(memoryview(block))

    assert checksum.close() == zlib.crc32(np.frombuffer(b"".join(blocks), np.uint8))
