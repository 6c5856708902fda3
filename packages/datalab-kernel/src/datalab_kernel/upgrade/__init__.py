"""The check of notebooks of version 0.2: `datalab-kernel upgrade NOTEBOOK`."""

from __future__ import annotations

from datalab_kernel.upgrade.notebook import NotebookError, read
from datalab_kernel.upgrade.report import Report, check, summary

__all__ = ["NotebookError", "Report", "check", "read", "summary"]
