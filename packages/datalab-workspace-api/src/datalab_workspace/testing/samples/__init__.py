"""Deliberately awkward names, metadata and objects.

Each module offers mappings from an identifier, for the test's name, to what to test
with. Signals, images and metadata are factories, so that no test sees what another
has changed, and that sigima is not imported before a test needs it.
"""

from __future__ import annotations

from datalab_workspace.testing.samples.images import IMAGES, UNKEEPABLE_IMAGES
from datalab_workspace.testing.samples.metadata import KEYS, REFUSED_VALUES, VALUES
from datalab_workspace.testing.samples.names import NAMES, NO_NAMES
from datalab_workspace.testing.samples.signals import SIGNALS, UNKEEPABLE_SIGNALS

#: Every object that comes back as it was, by kind and identifier.
OBJECTS = {f"signal-{name}": make for name, make in SIGNALS.items()} | {
    f"image-{name}": make for name, make in IMAGES.items()
}
#: Objects whose data no dtype of DataLab's holds without loss.
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
