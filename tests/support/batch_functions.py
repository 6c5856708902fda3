"""Functions that runs compute, in a module that worker processes can import."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any


def doubled(obj: Any) -> tuple[Any, dict[str, float]]:
    """Return an object with twice the data, and its greatest value."""
    obj.y = obj.y * 2
    return obj, {"greatest": float(obj.y.max())}


def highest(obj: Any) -> dict[str, float]:
    """Return the greatest value of an object."""
    return {"greatest": float(obj.y.max())}


def killing_once(obj: Any) -> Any:
    """End the process for the object 3, if it is the first to compute that."""
    if obj.title == "item 3":
        with contextlib.suppress(FileExistsError):
            Path(os.environ["KILLED_ONCE"]).touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
    return doubled(obj)


def slowly_doubled(obj: Any) -> tuple[Any, dict[str, float]]:
    """Return the same as `doubled` after 20 ms."""
    time.sleep(0.02)
    return doubled(obj)


def failing(obj: Any) -> Any:
    """Raise an error."""
    raise ValueError(f"cannot compute {obj.title}")


def failing_sevens(obj: Any) -> Any:
    """Raise an error for each object whose name ends in 7."""
    if obj.title.endswith("7"):
        raise ValueError("a seven")
    return doubled(obj)


def killing(obj: Any) -> Any:
    """End the process for the objects 13 and 31."""
    if obj.title in ("item 13", "item 31"):
        os.kill(os.getpid(), signal.SIGKILL)
    return doubled(obj)


def hanging(obj: Any) -> Any:
    """Never return for the object 5."""
    if obj.title == "item 5":
        while True:
            time.sleep(60)
    return doubled(obj)


def counted(obj: Any) -> Any:
    """Note that the object is computed in a file next to the journal."""
    folder = Path(os.environ["DATALAB_TEST_COUNTS"])
    with (folder / obj.title).open("ab") as file:
        file.write(b".")
    return slowly_doubled(obj)
