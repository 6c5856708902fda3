"""Small PNG pictures, encoded with NumPy and zlib.

Pillow is not used: it adds 30 ms of import and 40 ms of initialization to the first
thumbnail, which takes 2 ms here, and a browser's kernel may not have it.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from typing import Any, NamedTuple

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB, _INDEXED = 2, 3
#: Colors of viridis at equal distances.
_ANCHORS = (
    *((68, 1, 84), (71, 45, 123), (59, 82, 139), (44, 114, 142), (33, 145, 140)),
    *((40, 174, 128), (94, 201, 98), (173, 220, 48), (253, 231, 37)),
)


class Picture(NamedTuple):
    """A PNG file, and the size at which it is shown.

    Attributes:
        png: The content of the file.
        width: Width in CSS pixels.
        height: Height in CSS pixels.
    """

    png: bytes
    width: int
    height: int

    def element(self, alternative: str) -> str:
        """Return HTML that shows the picture.

        Args:
            alternative: Alternative text for screen readers, already escaped.
        """
        return image_element(self.png, self.width, self.height, alternative)


def encode(pixels: np.ndarray[Any, Any], palette: np.ndarray[Any, Any]) -> bytes:
    """Return a PNG file.

    Args:
        pixels: Indices into the palette, uint8, shape (H, W).
        palette: Colors, uint8, shape (n, 4): red, green, blue, opacity.
    """
    height, width = pixels.shape
    depth = 4 if len(palette) <= 16 else 8
    if depth == 4:
        even = np.zeros((height, width + width % 2), np.uint8)
        even[:, :width] = pixels
        pixels = even[:, ::2] << 4 | even[:, 1::2]
    # The first byte of a line is its filter, 0 for none.
    lines = np.zeros((height, pixels.shape[1] + 1), np.uint8)
    lines[:, 1:] = pixels
    header = struct.pack(">IIBBBBB", width, height, depth, _INDEXED, 0, 0, 0)
    return _file(
        (b"IHDR", header),
        (b"PLTE", palette[:, :3].tobytes()),
        (b"tRNS", palette[:, 3].tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 6)),
    )


def encode_rgb(pixels: np.ndarray[Any, Any]) -> bytes:
    """Return a PNG file.

    Args:
        pixels: Red, green and blue of each pixel, uint8, shape (H, W, 3).
    """
    height, width, _ = pixels.shape
    lines = np.zeros((height, 3 * width + 1), np.uint8)
    lines[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, _RGB, 0, 0, 0)
    return _file((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 6)))


def _file(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = [_chunk(name, content) for name, content in (*chunks, (b"IEND", b""))]
    return _SIGNATURE + b"".join(parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


def viridis(levels: int) -> np.ndarray[Any, Any]:
    """Return a palette of a transparent color, followed by `levels` colors."""
    positions = np.linspace(0, len(_ANCHORS) - 1, levels)
    anchors = np.array(_ANCHORS, float)
    colors = [np.interp(positions, np.arange(len(anchors)), c) for c in anchors.T]
    palette = np.full((levels + 1, 4), 255, np.uint8)
    palette[0] = 0
    palette[1:, :3] = np.rint(colors).T
    return palette


def image_element(png: bytes, width: int, height: int, alternative: str) -> str:
    """Return HTML that shows a PNG file.

    Args:
        png: The content of the file.
        width: Width in CSS pixels.
        height: Height in CSS pixels.
        alternative: Alternative text for screen readers, already escaped.
    """
    return (
        f'<img src="data:image/png;base64,{b64encode(png).decode()}" width="{width}" '
        f'height="{height}" alt="{alternative}" style="max-width:none">'
    )


def with_text(png: bytes, keyword: str, text: str) -> bytes:
    """Return a PNG file with a text chunk, which is not visible.

    Args:
        png: The content of the file.
        keyword: Name of the text, in ASCII.
        text: The text, in ASCII.
    """
    end = len(_SIGNATURE) + 25  # the header is the first chunk
    chunk = _chunk(b"tEXt", f"{keyword}\0{text}".encode("ascii"))
    return png[:end] + chunk + png[end:]
