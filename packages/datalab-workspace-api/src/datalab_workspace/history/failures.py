"""The count of the errors that kept a step out of a history.

Such an error never reaches the user's code.
"""

from __future__ import annotations

import logging

#: The number of errors, and the last one in words.
count = 0
last = ""


def note(error: Exception) -> None:
    """Count an error."""
    global count, last
    count += 1
    last = f"{type(error).__name__}: {error}"
    logging.getLogger(__name__).debug("a step could not be noted", exc_info=error)
