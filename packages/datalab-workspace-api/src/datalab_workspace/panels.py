"""The provider of the panel that `Workspace.browse` shows.

Panels need a notebook, and this package does not know any. The package that makes them
registers itself here when its IPython extension is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from datalab_workspace.operations.object_list import Outline
    from datalab_workspace.workspace import Workspace

Provider: TypeAlias = "Callable[[Workspace, Outline], Any]"

_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Make the panels by a function from now on.

    Args:
        provider: The function. Its arguments are the workspace, and its objects as they
            were last seen.
    """
    _providers[:] = [provider]


def provider() -> Provider:
    """Return the function that makes panels.

    Raises:
        ImportError: No extension that makes them is loaded.
    """
    if not _providers:
        raise ImportError(
            "browse() shows a panel in a notebook, and the extension that makes it is "
            "not loaded here; run %load_ext datalab_kernel_core, after pip install "
            '"datalab-kernel-core[interactive]"; print(workspace.describe()) lists the '
            "objects anywhere",
            name="datalab_kernel_core",
        )
    return _providers[0]
