"""Deliberately awkward names, metadata and objects.

Each module has mappings from an identifier, which becomes part of a test's name, to a
sample. Signals, images and metadata are factories, so that no test sees the changes of
another, and sigima is not imported before a test needs it.
"""

from __future__ import annotations

from datalab_workspace.testing.samples.images import IMAGES, UNKEEPABLE_IMAGES
from datalab_workspace.testing.samples.metadata import KEYS, REFUSED_VALUES, VALUES
from datalab_workspace.testing.samples.names import NAMES, NO_NAMES
from datalab_workspace.testing.samples.signals import SIGNALS, UNKEEPABLE_SIGNALS

#: The objects that a workspace returns unchanged, by kind and identifier.
OBJECTS = {f"signal-{name}": make for name, make in SIGNALS.items()} | {
    f"image-{name}": make for name, make in IMAGES.items()
}
#: Objects whose data DataLab cannot store without loss.
UNKEEPABLE = {f"signal-{name}": make for name, make in UNKEEPABLE_SIGNALS.items()} | {
    f"image-{name}": make for name, make in UNKEEPABLE_IMAGES.items()
}

__all__ = [
    "IMAGES",
    "KEYS",
    "NAMES",
    "NO_NAMES",
    "OBJECTS",
    "REFUSED_VALUES",
    "SIGNALS",
    "UNKEEPABLE",
    "VALUES",
]
