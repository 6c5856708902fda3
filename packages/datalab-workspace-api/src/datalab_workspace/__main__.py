"""`python -m datalab_workspace`: see `datalab_workspace.cli`."""

from __future__ import annotations

import sys

from datalab_workspace.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
