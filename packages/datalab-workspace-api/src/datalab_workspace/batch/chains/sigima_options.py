"""The options of sigima that change what it computes, on all workers the same."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

#: The variable in which sigima keeps its options for other processes.
_VARIABLE = "SIGIMA_OPTIONS_JSON"
#: The options on which features depend, and sigima's defaults.
_DEFAULTS = {"fft_shift_enabled": True, "auto_normalize_kernel": False}


def present() -> dict[str, bool]:
    """Return the options of this process; sigima is not imported."""
    try:
        found = json.loads(os.environ.get(_VARIABLE, "{}"))
    except ValueError:  # sigima ignores it, too
        found = {}
    return {
        name: bool(found.get(name, default)) if isinstance(found, dict) else default
        for name, default in _DEFAULTS.items()
    }


def adopt(options: Mapping[str, bool]) -> None:
    """Set the options of sigima in this process, so far as they differ."""
    from sigima.config import options as ours

    for name, value in options.items():
        option = getattr(ours, name, None)
        if option is not None and option.get(sync_env=False) is not value:
            option.set(value)
