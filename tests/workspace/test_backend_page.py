"""The backend of the page "Write a backend", and the conformance suite over it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from datalab_workspace import Workspace
from datalab_workspace.testing import WorkspaceConformance

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "backend.md"


def _list_backend() -> Any:
    (code, *_) = re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    return namespace["ListBackend"]


class TestListBackend(WorkspaceConformance):
    """The example obeys every rule."""

    backend = _list_backend()

    def open_workspace(self) -> Workspace:
        return Workspace(backend=self.backend())
