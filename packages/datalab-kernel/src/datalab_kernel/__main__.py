"""The entry point of `python -m datalab_kernel`; see `datalab_kernel.cli`."""

from __future__ import annotations

import sys

from datalab_kernel.cli import main

if __name__ == "__main__":
    sys.exit(main())
