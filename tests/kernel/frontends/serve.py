"""Start JupyterLab as `jupyter lab` does, but for the ports of its kernels."""

from __future__ import annotations

import sys
from pathlib import Path

from jupyterlab.labapp import main

sys.path.insert(0, str(Path(__file__).parents[2]))

from ports import kernel_ports

if __name__ == "__main__":
    with kernel_ports():
        sys.exit(main())
