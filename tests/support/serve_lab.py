"""Start JupyterLab as `jupyter lab` does, but for the ports of its kernels.

This is a script: Python finds `ports` next to it.
"""

from __future__ import annotations

import sys

from jupyterlab.labapp import main
from ports import kernel_ports

if __name__ == "__main__":
    with kernel_ports():
        sys.exit(main())
