"""`python -m datalab_workspace`: see `datalab_workspace.shell`."""

from __future__ import annotations

import sys

from datalab_workspace.shell.commands import main

if __name__ == "__main__":
    sys.exit(main())
