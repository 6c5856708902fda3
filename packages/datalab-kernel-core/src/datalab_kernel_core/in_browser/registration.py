"""The registration of the parts that only a kernel in a page of a browser has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from datalab_kernel_core.in_browser import cell_packages, question
from datalab_kernel_core.in_browser.page_address import show_address
from datalab_workspace.live import token_prompt

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from datalab_workspace import Workspace


def install(shell: InteractiveShell, workspace: Callable[[], Workspace]) -> None:
    """Ask for tokens by a field of the page, and before unsaved objects are lost.

    The DataLab that the page's address names is shown. Pyodide loads the packages of
    each cell.

    Args:
        shell: The shell. This is called once for each.
        workspace: Returns the workspace, or a proxy of one that is not in use yet.
    """
    cell_packages.install(shell)
    question.install(shell, workspace)
    token_prompt.register(_show_field)
    show_address()


def _show_field(url: str) -> None:
    from datalab_kernel_core.in_browser.token_field import TokenField

    TokenField(url).show()
