"""The plain form of an object that was converted earlier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from datalab_workspace.encoding import sidecar
from datalab_workspace.model.record import Record


@dataclass(eq=False)
class PlainRecord(Record):
    """The plain form that `sidecar.split` has returned, with its sidecar.

    A project file takes it as it is.

    Attributes:
        own_title: The title of the object itself.
        own_dtype: The dtype of the data of the object itself; None without data.
    """

    own_title: str = ""
    own_dtype: np.dtype[Any] | None = None

    @property
    def title(self) -> str:
        """The title of the object itself."""
        return self.own_title

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """The dtype of the data of the object itself; None without data."""
        return self.own_dtype

    def whole(self) -> Record:
        """Return the object itself, with its history; unread arrays stay unread."""
        plain = Record(
            self.kind,
            dict(self.fields),
            dict(self.arrays),
            dict(self.metadata),
            self.uuid,
        )
        return sidecar.join(plain)
