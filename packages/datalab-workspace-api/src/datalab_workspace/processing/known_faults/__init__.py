"""Warnings about results of sigima that are known to be wrong.

sigima computes here and in DataLab, so a result is never corrected here: both would
disagree. Instead, `faults_in` finds the known faults that concern a result, and `calc`
warns of them. Each fault has a report in `docs/upstream/`, and a test that fails when
sigima no longer has it.
"""

from __future__ import annotations

from datalab_workspace.processing.known_faults.table import (
    FAULTS,
    LAST_VERSION,
    faults_in,
)

__all__ = ["FAULTS", "LAST_VERSION", "faults_in"]
