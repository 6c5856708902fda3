"""The Jupyter kernel of DataLab, on xeus-python."""

from __future__ import annotations

from datalab_kernel._version import __version__

__all__ = ["__version__"]
