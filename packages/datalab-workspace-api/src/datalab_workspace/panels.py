"""The provider of the panel that `Workspace.browse` shows.

Panels need a notebook, and this package does not know any. The package that makes them
registers itself here when its IPython extension is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from datalab_workspace import runtime

if TYPE_CHECKING:
    from datalab_workspace.operations.object_list import Outline
    from datalab_workspace.workspace import Workspace

Provider: TypeAlias = "Callable[[Workspace, Outline], Any]"

_INSTALLATION = ', after pip install "datalab-kernel-core[interactive]"'
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
        first = "" if runtime.IN_BROWSER else _INSTALLATION
        raise ImportError(
            "browse() shows a panel in a notebook, and the extension that makes it is "
            f"not loaded here; run %load_ext datalab_kernel_core{first}; "
            "print(workspace.describe()) lists the objects anywhere",
            name="datalab_kernel_core",
        )
    return _providers[0]
