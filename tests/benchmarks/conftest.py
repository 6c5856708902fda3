"""Benchmarks: run alone, by `hatch run bench`; each prints what it measured."""

from __future__ import annotations

import sys
from pathlib import Path

# Test modules are imported by their file, so that their folder is not on the path.
sys.path.insert(0, str(Path(__file__).parent))
