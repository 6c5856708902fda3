"""What the tests of `datalab-kernel doctor` share."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from datalab_kernel import kernelspec
from datalab_kernel.doctor.findings import Finding

OWN_ENVIRONMENT = kernelspec.kernels_folder(sys.prefix) / kernelspec.KERNEL_NAME
NEEDS_A_SHELL = pytest.mark.skipif(os.name == "nt", reason="runs a shell script")


def the(findings: Iterable[Finding], part: str) -> Finding:
    """The one finding whose text has a part."""
    findings = list(findings)
    found = [finding for finding in findings if part in finding.text]
    assert len(found) == 1, findings
    return found[0]


def write_spec(prefix: Path, name: str = "datalab-kernel", **spec: object) -> Path:
    """Write a kernelspec, whatever it is."""
    directory = kernelspec.kernels_folder(prefix) / name
    directory.mkdir(parents=True)
    content = {"display_name": "D", "language": "python", **spec}
    (directory / "kernel.json").write_text(json.dumps(content))
    return directory


def launcher(*python: str) -> list[str]:
    return [*python, "-m", "datalab_kernel.launcher", "-f", "{connection_file}"]


def code(text: str) -> list[str]:
    """The command of a kernel that runs some code before, or in place of, ours."""
    return [sys.executable, "-c", text, "-f", "{connection_file}"]
