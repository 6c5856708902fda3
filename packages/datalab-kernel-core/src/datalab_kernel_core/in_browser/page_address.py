"""The DataLab that the address of a page names, as a link of DataLab's manual does.

A kernel in a page does not know the page's address, so a script shows what it says.
Anyone can make a link, so it attaches nothing: it shows the call that would.
"""

from __future__ import annotations

from datalab_kernel_core.in_browser.html import show


def show_address() -> None:
    """Show the DataLab that the page's address names; nothing if it names none."""
    show("page_address.js", "", "")
