"""The difference of two pictures that different releases of Matplotlib drew."""

from __future__ import annotations

import itertools

import numpy as np
from PIL import Image

#: How far the same line may be from its place, in pixels.
REACH = 3
#: How much the same colour may differ, of 255: letters are smoothed in other ways.
LIMIT = 100


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the share of pixels whose colour the other picture does not have nearby.

    Args:
        one: A picture.
        other: Another picture; one of another size differs in all pixels.
    """
    arrays = [np.asarray(image.convert("RGB"), np.int16) for image in (one, other)]
    if arrays[0].shape != arrays[1].shape:
        return 1.0
    return max(_not_found(*arrays), _not_found(*arrays[::-1]))


def _not_found(one: np.ndarray, other: np.ndarray) -> float:
    least = np.full(one.shape[:2], 255, np.int16)
    steps = range(-REACH, REACH + 1)
    for step in itertools.product(steps, steps):
        moved = np.abs(one - np.roll(other, step, (0, 1))).max(axis=2)
        np.minimum(least, moved, out=least)
    return float((least > LIMIT).mean())
