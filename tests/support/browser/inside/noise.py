"""Data of which each byte matters, and a picture."""

from __future__ import annotations

import struct
import zlib

import numpy as np


def noise(dtype: str, shape: tuple[int, ...] = (16, 24)) -> np.ndarray:
    """Return numbers of any bit pattern, NaNs and infinities among them."""
    generator = np.random.default_rng(0)
    if dtype == "bool":
        return generator.integers(0, 2, shape).astype(bool)
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(generator.bytes(size), dtype).reshape(shape)


def png(row: bytes) -> bytes:
    """Return a picture of one row of grey pixels, made without Matplotlib."""
    header = struct.pack(">2I5B", len(row), 1, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
