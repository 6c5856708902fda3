"""A bitmap font for pictures: ASCII, Greek letters and the signs of units."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

#: Width and height of a character in pixels, with the space after it and its descender.
ADVANCE, HEIGHT = 6, 9
_COLUMNS = 5
#: The rows of each character from the top, two hexadecimal digits for five pixels. The
#: seventh row is on the baseline.
_ROWS: Mapping[str, str] = MappingProxyType(
    {
        "0": "0e11131519110e",
        "1": "040c040404040e",
        "2": "0e11010204081f",
        "3": "1f02040201110e",
        "4": "02060a121f0202",
        "5": "1f101e0101110e",
        "6": "0608101e11110e",
        "7": "1f010204080808",
        "8": "0e11110e11110e",
        "9": "0e11110f01020c",
        "A": "0e11111f111111",
        "B": "1e11111e11111e",
        "C": "0e11101010110e",
        "D": "1c12111111121c",
        "E": "1f10101e10101f",
        "F": "1f10101e101010",
        "G": "0e11101711110f",
        "H": "1111111f111111",
        "I": "0e04040404040e",
        "J": "0702020202120c",
        "K": "11121418141211",
        "L": "1010101010101f",
        "M": "111b1515111111",
        "N": "11111915131111",
        "O": "0e11111111110e",
        "P": "1e11111e101010",
        "Q": "0e11111115120d",
        "R": "1e11111e141211",
        "S": "0f10100e01011e",
        "T": "1f040404040404",
        "U": "1111111111110e",
        "V": "11111111110a04",
        "W": "1111111515150a",
        "X": "11110a040a1111",
        "Y": "1111110a040404",
        "Z": "1f01020408101f",
        "a": "00000e010f110f",
        "b": "1010161911111e",
        "c": "00000e1010110e",
        "d": "01010d1311110f",
        "e": "00000e111f100e",
        "f": "0609081c080808",
        "g": "00000f1111110f010e",
        "h": "10101619111111",
        "i": "04000c0404040e",
        "j": "02000602020202120c",
        "k": "10101214181412",
        "l": "0c04040404040e",
        "m": "00001a15151111",
        "n": "00001619111111",
        "o": "00000e1111110e",
        "p": "00001e1111111e1010",
        "q": "00000f1111110f0101",
        "r": "00001619101010",
        "s": "00000f100e011e",
        "t": "08081c08080906",
        "u": "0000111111130d",
        "v": "00001111110a04",
        "w": "0000111115150a",
        "x": "0000110a040a11",
        "y": "0000111111110f010e",
        "z": "00001f0204081f",
        " ": "",
        "!": "04040404040004",
        '"': "0a0a0a",
        "#": "0a0a1f0a1f0a0a",
        "$": "040f140e051e04",
        "%": "18190204081303",
        "&": "0c12140815120d",
        "'": "0c0408",
        "(": "02040808080402",
        ")": "08040202020408",
        "*": "0004150e1504",
        "+": "0004041f0404",
        ",": "00000000000c0408",
        "-": "0000001f",
        ".": "00000000000c0c",
        "/": "000102040810",
        ":": "000c0c000c0c",
        ";": "000c0c000c0408",
        "<": "02040810080402",
        "=": "00001f001f",
        ">": "08040201020408",
        "?": "0e110102040004",
        "@": "0e11010d15150e",
        "[": "0e08080808080e",
        "\\": "001008040201",
        "]": "0e02020202020e",
        "^": "040a11",
        "_": "0000000000001f",
        "`": "080402",
        "{": "02040408040402",
        "|": "04040404040404",
        "}": "08040402040408",
        "~": "0000081502",
        "°": "0c12120c",
        "µ": "0000111111131d1010",
        "×": "00110a040a11",
        "±": "04041f0404001f",
        "·": "0000000c0c",
        "²": "0c1204081e",
        "³": "1c020c021c",
        "¹": "040c04040e",
        "⁰": "0c1212120c",
        "⁴": "12121e0202",
        "⁵": "1e101c021c",
        "⁶": "0c101c120c",
        "⁷": "1e02040808",
        "⁸": "0c120c120c",
        "⁹": "0c120e020c",
        "⁻": "00001e",
        "⁺": "00040e04",
        "≤": "030c100c03001f",
        "≥": "1806010618001f",
        "≠": "01021f041f0810",
        "≈": "00081502081502",
        "∞": "00000a15150a",
        "√": "07040404140c04",
        "→": "000004021f0204",
        "Å": "040a040e111f11",
        "Ø": "0f13131519191e",
        "ß": "0c121412111610",
        "α": "00000d1212120d",
        "β": "0e11111e11111e1010",
        "γ": "000011110a0a040404",
        "δ": "0608040e11110e",
        "ε": "00000e100c100e",
        "η": "000016191111110101",
        "θ": "0e11111f11110e",
        "κ": "00001214181412",
        "λ": "100808040a1111",
        "π": "00001f0a0a0a0a",
        "ρ": "00000e11111e101010",
        "σ": "00000f1211110e",
        "τ": "00001f04040403",
        "φ": "04040e1515150e0404",
        "χ": "0000110a04040a11",
        "ψ": "0000151515150e0404",
        "ω": "00000a1115150a",
        "Γ": "1f101010101010",
        "Δ": "04040a0a11111f",
        "Θ": "0e11151515110e",
        "Λ": "040a0a11111111",
        "Π": "1f111111111111",
        "Σ": "1f10080408101f",
        "Φ": "040e1515150e04",
        "Ψ": "1515150e040404",
        "Ω": "0e1111110a0a1b",
        "…": "00000000000015",
    }
)
_SAME = dict(
    zip(
        "−–—“”’⋅μ∆∑νοϕϵ\N{OHM SIGN}\N{ANGSTROM SIGN}",
        '---""\'·µΔΣvoφεΩÅ',
        strict=True,
    )
)
#: The sign for a character that the font does not have.
_MISSING = "1f11111111111f"


def text_width(text: str, size: int) -> int:
    """Return the width of a string in pixels."""
    return len(text) * ADVANCE * size


@lru_cache(maxsize=500)
def text_mask(text: str, size: int) -> np.ndarray[Any, Any]:
    """Return the pixels of a string.

    Args:
        text: One line.
        size: The side of a pixel of the font, in pixels.

    Returns:
        True for the pixels of the characters; shape (9 size, width).
    """
    mask = np.zeros((HEIGHT, ADVANCE * len(text)), bool)
    for number, character in enumerate(text):
        left = number * ADVANCE
        mask[:, left : left + _COLUMNS] = _glyph(character)
    if size == 2:
        return _doubled(mask)
    grown: np.ndarray[Any, Any] = mask.repeat(size, axis=0).repeat(size, axis=1)
    return grown


def _doubled(mask: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return pixels at twice the size, with smoother diagonals.

    The method is Scale2x: a quarter of a pixel takes the color of its two neighbors if
    these are equal and the opposite ones differ.
    """
    around = np.pad(mask, 1)
    up, down = around[:-2, 1:-1], around[2:, 1:-1]
    left, right = around[1:-1, :-2], around[1:-1, 2:]
    grown = np.zeros((2 * mask.shape[0], 2 * mask.shape[1]), bool)
    for row, vertical, other in ((0, up, down), (1, down, up)):
        for column, beside, far in ((0, left, right), (1, right, left)):
            smooth = (vertical == beside) & (vertical != far) & (beside != other)
            grown[row::2, column::2] = np.where(smooth, vertical, mask)
    return grown


@lru_cache(maxsize=500)
def _glyph(character: str) -> np.ndarray[Any, Any]:
    rows = bytes.fromhex(_ROWS.get(_known(character), _MISSING)).ljust(HEIGHT, b"\0")
    bits = np.array(list(rows), np.uint8)[:, np.newaxis] >> np.arange(_COLUMNS)[::-1]
    return (bits & 1).astype(bool)


def _known(character: str) -> str:
    """Return a character that the font has: without its accent if only that exists.

    A power such as "ⁿ" or a fraction must not become a letter or number that is read.
    """
    same = _SAME.get(character, character)
    if same in _ROWS or unicodedata.decomposition(same).startswith("<super>"):
        return same
    base, *marks = list(unicodedata.normalize("NFKD", same))
    return base if all(map(unicodedata.combining, marks)) else same
