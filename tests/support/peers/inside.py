# A cell that runs pytest with the list `arguments`, whose tests try this very shell.
import builtins
import sys

import pytest
from IPython.core import page
from IPython.core.history import HistoryManager


def show_page(text, start=0, screen_lines=0, pager_cmd=None):
    """Print what would be shown on a page, as the tests expect."""
    sys.stdout.write(text["text/plain"] if isinstance(text, dict) else text)


# Without their own `conftest.py`, which makes a shell of the terminal.
builtins.ip = builtins._ip = get_ipython()  # noqa: F821  of the kernel
page.pager_page = show_page
HistoryManager._max_inst = 1
pytest.main([*arguments, "--noconftest", "--capture=sys", "-pno:terminal"])  # noqa: F821
