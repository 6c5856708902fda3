"""All known faults of sigima, by feature."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from datalab_workspace.model.record import Kind
from datalab_workspace.processing.doubtful_results import Doubt
from datalab_workspace.processing.known_faults import (
    dates,
    image_coordinates,
    image_profiles,
    integer_images,
    invalid_values,
    labels,
    measurements,
    signal_grids,
    signal_uncertainties,
)
from datalab_workspace.processing.known_faults.fault import Call, Fault

#: The newest version of sigima that has been found to have these faults.
LAST_VERSION = (1, 3, 0)

FAULTS: tuple[Fault, ...] = (
    *dates.FAULTS,
    *image_coordinates.FAULTS,
    *image_profiles.FAULTS,
    *integer_images.FAULTS,
    *invalid_values.FAULTS,
    *labels.FAULTS,
    *measurements.FAULTS,
    *signal_grids.FAULTS,
    *signal_uncertainties.FAULTS,
)


def faults_in(call: Call) -> Iterator[Doubt]:
    """Yield everything that is known to be wrong in a result.

    A sigima newer than `LAST_VERSION` may have been corrected, so that nothing is
    yielded for it.

    Args:
        call: A computation that has succeeded.

    Yields:
        A doubt for each fault: the feature, the object, what is wrong and what to do
        instead.
    """
    if not _is_known_version():
        return
    for each in _faults_of(call.kind, call.feature):
        message = each.message(call)
        if message is not None:
            key = f"{each.message.__module__}.{each.name}"
            yield Doubt(key, f"{call.feature}: {message}", call.names[0])


@functools.cache
def _faults_of(kind: Kind, feature: str) -> Sequence[Fault]:
    return [each for each in FAULTS if each.kind == kind and feature in each.features]


@functools.cache
def _is_known_version() -> bool:
    import sigima

    numbers = sigima.__version__.split(".")[:3]
    version = tuple(int(each) for each in numbers if each.isdecimal())
    return version <= LAST_VERSION
