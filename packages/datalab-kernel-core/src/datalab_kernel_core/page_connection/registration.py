"""The registration of the password field and of the page's address."""

from __future__ import annotations

from datalab_workspace.live import token_prompt
from datalab_workspace.runtime import IN_BROWSER

_announced: list[bool] = []


def install() -> None:
    """Ask for tokens by a field of the page, and show the DataLab in its address.

    Outside a browser, this does nothing. The address is shown once in each kernel.
    """
    if not IN_BROWSER:
        return
    token_prompt.register(_show_field)
    if not _announced:
        _announced.append(True)
        from datalab_kernel_core.page_connection.page_address import show_address

        show_address()


def _show_field(url: str) -> None:
    from datalab_kernel_core.page_connection.token_field import TokenField

    TokenField(url).show()
