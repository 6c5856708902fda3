"""The text that programs show of an error if they show the variables of its frames."""

from __future__ import annotations

import traceback
from collections.abc import Iterator


def shown(error: BaseException | None) -> Iterator[str]:
    """Yield an error and all that led to it, with the variables of their frames."""
    while error is not None:
        lines = traceback.TracebackException.from_exception(error, capture_locals=True)
        yield "".join(lines.format())
        error = error.__cause__ or error.__context__
